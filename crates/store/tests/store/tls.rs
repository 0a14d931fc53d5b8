//! TLS to PostgreSQL, by the words of libpq.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chats_store::{DatabaseUrl, DieselStore, PoolSettings, SetupError};
use chats_testkit::certificates::{Authority, Issued};
use chats_testkit::postgres::{Cluster, database};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use crate::connecting::why_not;
use crate::postgres::{until, waiting_for_a_lock};
use crate::{operator, patient};

/// The name that the server's certificate is for. It is reached by its address, as ever.
const NAME: &str = "db.example.org";

/// Who may come in how. The tests come as different users.
const HBA: &str = "
    host      all  postgres        127.0.0.1/32  trust
    hostssl   all  encrypted       127.0.0.1/32  trust
    hostnossl all  plain           127.0.0.1/32  trust
    hostssl   all  by_password     127.0.0.1/32  scram-sha-256
    hostssl   all  by_certificate  127.0.0.1/32  cert
";
const USERS: &str = "
    CREATE ROLE encrypted LOGIN;
    CREATE ROLE plain LOGIN;
    CREATE ROLE by_password LOGIN PASSWORD 'hunter2';
    CREATE ROLE by_certificate LOGIN;
";

/// A server with TLS, and files for who connects to it.
struct Server {
    cluster: Cluster,
    files: TempDir,
}

/// One server does for all tests of this file.
async fn server() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();

    SERVER.get_or_init(Server::start).await
}

impl Server {
    async fn start() -> Self {
        let cluster = Cluster::start().unwrap();
        operator(&cluster.url()).await.batch_execute(USERS).await.unwrap();

        let authority = Authority::new().unwrap();
        let Issued { certificate, key } = authority.issue_to_server(&[NAME]).unwrap();
        let files = [
            ("server.crt", certificate.as_str()),
            ("server.key", &key),
            ("root.crt", authority.certificate()),
            ("pg_hba.conf", HBA),
        ];
        cluster.reconfigure(&files, "ssl = on\nssl_ca_file = 'root.crt'\n").unwrap();

        let client = authority.issue_to_client("by_certificate").unwrap();
        let server = Self { cluster, files: TempDir::new().unwrap() };
        server.write("root.pem", authority.certificate());
        server.write("stranger.pem", Authority::new().unwrap().certificate());
        server.write("client.pem", &client.certificate);
        server.write("client.key", &client.key);
        server.write("notes.txt", "This is no certificate.");
        server
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let file = self.files.path().join(name);
        fs::write(&file, content).unwrap();
        file
    }

    /// The URL for `user`, who asks for the server by its name.
    fn url(&self, user: &str, parameters: &str) -> String {
        let port = self.port();
        format!("postgres://{user}@{NAME}:{port}/postgres?hostaddr=127.0.0.1&{parameters}")
    }

    /// The URL for `user`, who asks for the server by an address that its certificate is not for.
    fn url_by_address(&self, user: &str, parameters: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres?{parameters}", self.port())
    }

    fn port(&self) -> String {
        let url = self.cluster.url();
        let (_, port) = url.rsplit_once(':').unwrap();
        port.split('/').next().unwrap().to_owned()
    }

    /// Whether the connections of a store are encrypted, where it connects.
    async fn encrypts(&self, url: &str) -> Result<bool, SetupError> {
        let name = format!("chats-{}", Uuid::new_v4());
        let url: DatabaseUrl = format!("{url}&application_name={name}").parse().unwrap();
        let url = url.relative_to(self.files.path());
        let _store = DieselStore::connect(&url, patient(), Handle::current()).await?;
        let encrypted = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
             WHERE application_name = $1";
        let operator = operator(&self.cluster.url()).await;
        Ok(operator.query_one(encrypted, &[&name]).await.unwrap().get(0))
    }

    #[track_caller]
    fn why_not(&self, url: &str) -> impl Future<Output = String> {
        let url: DatabaseUrl = url.parse().unwrap();
        why_not(url.relative_to(self.files.path()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_verified_in_full_has_the_name_that_it_is_asked_for_by() {
    let server = server().await;
    let full = "sslmode=verify-full&sslrootcert=root.pem";
    assert!(server.encrypts(&server.url("encrypted", full)).await.unwrap());

    let why = server.why_not(&server.url_by_address("encrypted", full)).await;
    assert!(why.contains("not valid for name"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_authority_alone_is_verified_may_have_any_name() {
    let server = server().await;
    for mode in ["sslmode=verify-ca", "sslmode=require"] {
        let parameters = format!("{mode}&sslrootcert=root.pem");
        let url = server.url_by_address("encrypted", &parameters);
        assert!(server.encrypts(&url).await.unwrap(), "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_of_a_strange_authority_is_not_connected_to() {
    let server = server().await;
    for parameters in [
        "sslmode=verify-full&sslrootcert=stranger.pem",
        "sslmode=verify-ca&sslrootcert=stranger.pem",
        "sslmode=require&sslrootcert=stranger.pem",
        "sslrootcert=system",
    ] {
        let why = server.why_not(&server.url("encrypted", parameters)).await;
        assert!(why.contains("UnknownIssuer"), "{parameters}: {why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_must_be_encrypted_is_so_with_any_certificate() {
    let server = server().await;
    let url = server.url_by_address("encrypted", "sslmode=require");
    assert!(server.encrypts(&url).await.unwrap());

    // Another server, which has no TLS.
    let url = format!("{}?sslmode=require", database().await.unwrap());
    let why = why_not(url.parse().unwrap()).await;
    assert!(why.contains("server does not support TLS"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_encrypted_where_the_server_can_if_nothing_else_is_said() {
    let server = server().await;
    for parameters in ["connect_timeout=30", "sslmode=prefer"] {
        let url = server.url_by_address("encrypted", parameters);
        assert!(server.encrypts(&url).await.unwrap(), "{parameters}");
        let url = server.url_by_address("plain", parameters);
        assert!(!server.encrypts(&url).await.unwrap(), "{parameters}");

        let url = format!("{}?{parameters}", database().await.unwrap());
        let connected =
            DieselStore::connect(&url.parse().unwrap(), patient(), Handle::current()).await;
        assert!(connected.is_ok(), "{parameters}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_must_not_be_encrypted_is_not() {
    let server = server().await;
    let disable = "sslmode=disable";
    assert!(!server.encrypts(&server.url_by_address("plain", disable)).await.unwrap());

    let why = server.why_not(&server.url_by_address("encrypted", disable)).await;
    assert!(why.contains("no encryption"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_cancelled_by_an_encrypted_request() {
    let server = server().await;
    let full = server.url("encrypted", "sslmode=verify-full&sslrootcert=root.pem");
    let url: DatabaseUrl = full.parse().unwrap();
    let impatient = PoolSettings { answer_timeout: Duration::from_secs(1), ..patient() };
    let url = url.relative_to(server.files.path());
    let store = DieselStore::connect(&url, impatient, Handle::current()).await.unwrap();
    let mut operator_1 = operator(&server.cluster.url()).await;
    let tables = "CREATE TABLE __diesel_schema_migrations (version text);
        GRANT SELECT ON __diesel_schema_migrations TO encrypted";
    operator_1.batch_execute(tables).await.unwrap();
    let lock = operator_1.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE __diesel_schema_migrations").await.unwrap();
    let asking = tokio::spawn(async move { store.pending_migrations().await });
    let operator_2 = operator(&server.cluster.url()).await;
    until(&operator_2, &waiting_for_a_lock(1)).await;
    assert!(asking.await.unwrap().is_err());
    // The table is still locked.
    until(&operator_2, &waiting_for_a_lock(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_can_be_bound_to_the_certificate_of_the_server() {
    let server = server().await;
    let bound = "sslmode=require&channel_binding=require";
    let url = server.url_by_address("by_password:hunter2", bound);
    assert!(server.encrypts(&url).await.unwrap());

    // Who lets everyone in, or speaks no TLS, has nothing that could be bound.
    for (user, parameters) in
        [("encrypted", bound), ("postgres:hunter2", "sslmode=disable&channel_binding=require")]
    {
        let why = server.why_not(&server.url_by_address(user, parameters)).await;
        assert!(why.contains("server did not use channel binding"), "{why}");
    }
}

/// Else what a password is bound to would be known to everyone: the certificate is no secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_shows_a_certificate_without_having_its_key_is_never_believed() {
    let authority = Authority::new().unwrap();
    let [shown, had] = [(); 2].map(|()| authority.issue_to_server(&[NAME]).unwrap());
    let certificate = CertificateDer::from_pem_slice(shown.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(had.key.as_bytes()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let key = provider.key_provider.load_private_key(key).unwrap();
    for version in [&TLS12, &TLS13] {
        let pretender = CertifiedKey::new(vec![certificate.clone()], Arc::clone(&key));
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(pretender)));
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let pretend = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The request for TLS is of eight bytes, the answer is yes.
            stream.read_exact(&mut [0; 8]).await.unwrap();
            stream.write_all(b"S").await.unwrap();
            acceptor.accept(stream).await.is_err()
        };
        let url = format!("postgres://me:hunter2@127.0.0.1:{port}/chats?sslmode=require");
        let (why, broken_off) = tokio::join!(why_not(url.parse().unwrap()), pretend);
        assert!(broken_off);
        assert!(why.contains("invalid peer certificate: BadSignature"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_can_stand_for_a_password() {
    let server = server().await;
    let full = "sslmode=verify-full&sslrootcert=root.pem";
    let known = format!("{full}&sslcert=client.pem&sslkey=client.key");
    assert!(server.encrypts(&server.url("by_certificate", &known)).await.unwrap());

    let why = server.why_not(&server.url("by_certificate", full)).await;
    assert!(why.contains("client certificate"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_used_is_named() {
    let server = server().await;
    for (parameters, file, complaint) in [
        ("sslrootcert=nowhere.pem", "nowhere.pem", "No such file"),
        ("sslrootcert=notes.txt", "notes.txt", "no certificate"),
        ("sslrootcert=client.key", "client.key", "no certificate"),
        ("sslcert=notes.txt&sslkey=client.key&sslrootcert=root.pem", "notes.txt", "no certificate"),
        ("sslcert=client.pem&sslkey=root.pem&sslrootcert=root.pem", "root.pem", "no private key"),
    ] {
        let parameters = format!("sslmode=verify-full&{parameters}");
        let why = server.why_not(&server.url("encrypted", &parameters)).await;
        assert!(why.contains(file) && why.contains(complaint), "{why}");
        assert!(why.contains(&server.files.path().display().to_string()), "{why}");
    }
    let mismatched = "sslmode=require&sslcert=root.pem&sslkey=client.key";
    let why = server.why_not(&server.url("encrypted", mismatched)).await;
    assert!(why.contains("KeyMismatch"), "{why}");
}
