//! The API over TLS, and the files that TLS needs.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use chats_testkit::certificates::{Authority, Issued};
use reqwest::{Certificate, Client};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::support::{Answer, Process, chats, refusal, write_secret};

/// On a busy machine, too, nothing takes this long.
const LONG: Duration = Duration::from_mins(1);

const WITH_TLS: &str = r#"
[http]
listen = "127.0.0.1:0"
[http.tls]
certificate = "tls/chain.pem"
key = "tls/key.pem"
[event]
listen = "127.0.0.1:0"
"#;

/// A service that speaks TLS.
struct Service {
    directory: TempDir,
    url: String,
    log: Receiver<String>,
    _process: Process,
}

impl Service {
    fn start(issued: &Issued) -> Self {
        let directory = directory_with(WITH_TLS);
        write(directory.path(), issued);
        let (log, stderr) = io::pipe().unwrap();
        let mut command = chats(directory.path());
        command.env("CHATS_LOG__FILTER", "info,chats_http::resting=debug").stderr(stderr);
        let (process, said) = Process::start(&mut command, "tenants");
        let (_, url) = said.split_once("is ready at ").unwrap();
        let url = url.split_whitespace().next().unwrap().to_owned();

        let (line_came, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                let _ = line_came.send(line);
            }
        });
        Self { directory, url, log: lines, _process: process }
    }

    fn address(&self) -> &str {
        self.url.strip_prefix("https://").unwrap()
    }

    /// Waits for a line of the log with these words.
    fn logs(&self, words: &[&str]) {
        while let line = self.log.recv_timeout(LONG).unwrap()
            && !words.iter().all(|word| line.contains(word))
        {}
    }

    /// Asks on a new connection, as a client that trusts this authority alone.
    async fn ask(&self, trusted: &Authority) -> reqwest::Result<Answer> {
        let root = Certificate::from_pem(trusted.certificate().as_bytes()).unwrap();
        let client = Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
        let url = format!("{}/api/v1/chats/5f0e2a0c-6f5e-4e0e-9a5e-0d3b6a1c9f10", self.url);
        Ok(Answer::of(client.get(url).send().await?).await)
    }

    async fn assert_serves_what_was_issued_by(&self, authority: &Authority) {
        // There is no token, but there is an answer.
        self.ask(authority).await.unwrap().problem(401, "authentication_failed");
        assert!(self.ask(&Authority::new().unwrap()).await.unwrap_err().is_connect());
    }
}

fn directory_with(configuration: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("tls")).unwrap();
    fs::write(directory.path().join("chats.toml"), configuration).unwrap();
    directory
}

fn write(directory: &Path, issued: &Issued) {
    fs::write(directory.join("tls/chain.pem"), &issued.certificate).unwrap();
    write_secret(directory.join("tls/key.pem"), &issued.key);
}

fn issued_by(authority: &Authority) -> Issued {
    authority.issue_to_server(&["127.0.0.1"]).unwrap()
}

#[tokio::test]
async fn the_api_is_served_over_tls_and_nothing_else() {
    let authority = Authority::new().unwrap();
    let service = Service::start(&issued_by(&authority));
    service.assert_serves_what_was_issued_by(&authority).await;

    let mut plain = TcpStream::connect(service.address()).unwrap();
    plain.write_all(b"GET /api/v1/chats/1 HTTP/1.1\r\nhost: chats\r\n\r\n").unwrap();
    plain.set_read_timeout(Some(LONG)).unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

/// It is also woken by what is said within TLS and is nothing to the service.
#[tokio::test]
async fn a_connection_that_rested_is_served_again() {
    let authority = Authority::new().unwrap();
    let service = Service::start(&issued_by(&authority));
    let mut trusted = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.certificate().as_bytes()).unwrap();
    trusted.add(root).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let name = "127.0.0.1".try_into().unwrap();
    let stream = tokio::net::TcpStream::connect(service.address()).await.unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();

    for renews_keys in [false, true, false] {
        stream.write_all(b"GET /api/v1/chats/1 HTTP/1.1\r\nhost: chats\r\n\r\n").await.unwrap();
        stream.flush().await.unwrap();
        // The answer comes in one piece, and is shorter than this.
        let mut answer = [0; 4096];
        let length = timeout(LONG, stream.read(&mut answer)).await.unwrap().unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 401"));
        service.logs(&["a connection rests"]);
        if renews_keys {
            stream.get_mut().1.refresh_traffic_keys().unwrap();
            stream.flush().await.unwrap();
            service.logs(&["a connection rests"]);
        }
    }
    stream.shutdown().await.unwrap();
    assert_eq!(timeout(LONG, stream.read(&mut [0])).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn a_certificate_is_renewed_while_it_is_served() {
    let [old, new] = [Authority::new().unwrap(), Authority::new().unwrap()];
    let service = Service::start(&issued_by(&old));
    service.assert_serves_what_was_issued_by(&old).await;

    write(service.directory.path(), &issued_by(&new));
    service.logs(&["the certificate was renewed"]);
    service.assert_serves_what_was_issued_by(&new).await;
    assert!(service.ask(&old).await.is_err());
}

#[tokio::test]
async fn a_certificate_is_served_until_there_is_one_that_can_take_its_place() {
    let [old, new] = [Authority::new().unwrap(), Authority::new().unwrap()];
    let service = Service::start(&issued_by(&old));

    fs::write(service.directory.path().join("tls/chain.pem"), "hunter2").unwrap();
    service.logs(&["WARN", "the certificate was not renewed", "http.tls.certificate"]);
    service.assert_serves_what_was_issued_by(&old).await;

    write(service.directory.path(), &issued_by(&new));
    service.logs(&["the certificate was renewed"]);
    service.assert_serves_what_was_issued_by(&new).await;
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_told_of_and_served() {
    let (old, new) = (Authority::new().unwrap(), Authority::new().unwrap());
    let expired = |authority: &Authority| {
        let time = Duration::ZERO..Duration::from_hours(1);
        authority.issue_to_server_for(&["127.0.0.1"], time).unwrap()
    };
    let told = ["WARN", "http.tls.certificate", "has expired: 1970-01-01T01:00:00Z"];
    let service = Service::start(&expired(&old));
    service.logs(&told);
    write(service.directory.path(), &issued_by(&new));
    service.logs(&["the certificate was renewed"]);
    service.assert_serves_what_was_issued_by(&new).await;
    write(service.directory.path(), &expired(&new));
    service.logs(&["the certificate was renewed"]);
    service.logs(&told);
}

/// A handshake that does not go on ends after five seconds: whoever had to wait for the silent ones would be
/// answered when the first of them is gone.
#[tokio::test]
async fn clients_that_do_not_begin_to_speak_tls_keep_nobody_waiting() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let authority = Authority::new().unwrap();
    let service = Service::start(&issued_by(&authority));
    let workers = thread::available_parallelism().unwrap().get();
    let is_served_at_once = async || {
        // More than the library lets each worker hold, where nobody tells it otherwise.
        let silent: Vec<_> =
            (0..260 * workers).map(|_| TcpStream::connect(service.address()).unwrap()).collect();
        // The first of these may still be among what came at once.
        for _ in 0..5 {
            service.ask(&authority).await.unwrap().problem(401, "authentication_failed");
        }
        silent[0].set_nonblocking(true).unwrap();
        let nothing = (&silent[0]).read(&mut [0]);
        nothing.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    };
    // A machine may be so busy that it takes five seconds in any case, but not each time.
    let begin = Instant::now();
    while !is_served_at_once().await {
        assert!(begin.elapsed() < LONG);
    }
}

#[test]
fn a_client_that_never_comes_to_the_point_is_let_go() {
    let service = Service::start(&issued_by(&Authority::new().unwrap()));
    let mut silent = TcpStream::connect(service.address()).unwrap();
    silent.set_read_timeout(Some(LONG)).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_certificate_and_key_that_cannot_be_served_are_named() {
    let [one, other] = [(); 2].map(|()| issued_by(&Authority::new().unwrap()));
    for (certificate, key, setting) in [
        (None, Some(one.key.as_str()), "http.tls.certificate"),
        (Some("hunter2"), Some(&one.key), "http.tls.certificate"),
        (Some(&one.certificate), None, "http.tls.key"),
        (Some(&one.certificate), Some("-----BEGIN hunter2"), "http.tls.key"),
        (Some(&one.certificate), Some(&other.key), "http.tls.key"),
    ] {
        let directory = directory_with(WITH_TLS);
        for (name, content) in [("tls/chain.pem", certificate), ("tls/key.pem", key)] {
            let Some(content) = content else { continue };
            fs::write(directory.path().join(name), content).unwrap();
        }
        let error = refusal(&mut chats(directory.path()));
        assert!(error.contains(&format!("configuration: {setting} (from ")), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let error =
        refusal(&mut chats(directory_with("[http.tls]\ncertificate = \"tls/chain.pem\"").path()));
    assert!(error.contains("http.tls.key") && error.contains("missing"), "{error}");
}

#[test]
fn files_of_those_whom_we_trust_are_named_if_they_cannot_be_used() {
    let database = "[database]\nurl = \"postgres://db/chats?sslmode=verify-full&sslrootcert=tls/";
    let event = "[event]\nurl = \"https://event.example.org\"\nca = \"tls/";
    for (setting, configuration) in [("database.url", database), ("event.ca", event)] {
        for (file, complaint) in [("nowhere.pem", "cannot read"), ("notes.txt", "no certificate")] {
            let configuration = format!("{configuration}{file}\"");
            let directory = directory_with(&configuration);
            fs::write(directory.path().join("tls/notes.txt"), "hunter2").unwrap();
            let mut command = chats(Path::new("/"));
            command.arg("--config").arg(directory.path().join("chats.toml"));
            command.args(["--data-dir", "/nowhere", "--http-listen", "127.0.0.1:0"]);
            let error = refusal(command.arg("recover"));
            assert!(error.contains(&format!("configuration: {setting} (from ")), "{error}");
            assert!(error.contains(complaint) && !error.contains("hunter2"), "{error}");
        }
    }
}
