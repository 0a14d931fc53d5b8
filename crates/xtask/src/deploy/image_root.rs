use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use chats_testkit::certificates::Authority;
use chats_testkit::postgres::free_port;

use super::contained::Contained;
use crate::harness::target_directory;
use crate::libraries::output;
use crate::postgres;

/// What is in the image, and nothing else.
const FILES: [&str; 8] = [
    "chats/data/",
    "etc/group",
    "etc/nsswitch.conf",
    "etc/passwd",
    "etc/ssl/certs/ca-certificates.crt",
    "usr/bin/chats",
    "usr/share/licenses/chats/LICENSE-APACHE",
    "usr/share/licenses/chats/LICENSE-MIT",
];

/// Builds the root of the image as the Dockerfile does, and tries the service in it: without rights, on a read-only
/// root, and with nothing of this machine.
pub(crate) fn run() -> Result<()> {
    let root = target_directory()?.join("image-root");
    build(&root)?;
    let files = files(&root)?;
    ensure!(files.iter().map(|(name, _)| name).eq(FILES), "the root has other files: {files:?}");
    for (name, bytes) in &files {
        say(&format!("{bytes:>10}  {name}"));
    }
    say(&format!("{:>10}  in all", files.iter().map(|(_, bytes)| bytes).sum::<u64>()));

    let contained = Contained::new(&root)?;
    say(contained.printed(&[], &["--version"])?.trim());
    serves_from_sqlite(&contained)?;
    serves_from_postgres(&contained)?;
    trusts_the_roots_of_the_image(&contained)
}

fn build(root: &Path) -> Result<()> {
    if root.exists() {
        fs::remove_dir_all(root)?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/image.sh");
    let status = Command::new(&script).arg(root).status();
    let status = status.with_context(|| format!("cannot run {}", script.display()))?;
    ensure!(status.success(), "the root could not be built");
    Ok(())
}

/// The files below a folder and its empty folders, with their sizes, in the order of their names.
fn files(root: &Path) -> Result<Vec<(String, u64)>> {
    let mut files = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let mut is_empty = true;
        for entry in fs::read_dir(&folder)? {
            let (path, metadata) = entry.and_then(|it| Ok((it.path(), it.metadata()?)))?;
            is_empty = false;
            if metadata.is_dir() {
                open.push(path);
            } else {
                files.push((path.strip_prefix(root)?.display().to_string(), metadata.len()));
            }
        }
        if is_empty {
            files.push((format!("{}/", folder.strip_prefix(root)?.display()), 0));
        }
    }
    files.sort();
    Ok(files)
}

fn serves_from_sqlite(contained: &Contained) -> Result<()> {
    let addresses = Addresses::free()?;
    let settings = addresses.settings();
    let report = contained.printed(&settings, &["check"])?;
    ensure!(report.contains("Nothing is wrong"), "{report}");
    let serving = contained.serve(&settings)?;
    contained.printed(&settings, &["health"])?;
    creates_and_reads(contained, &settings, &addresses.api)?;
    let resident_mib = serving.resident_kib()? / 1024;
    serving.stop()?;
    say(&format!("ok  serves from SQLite, in {resident_mib} MiB"));
    Ok(())
}

fn serves_from_postgres(contained: &Contained) -> Result<()> {
    let cluster = postgres::start()?;
    let addresses = Addresses::free()?;
    // By name: a static program has to look it up as any other does.
    let url = cluster.url().replace("127.0.0.1", "localhost");
    let mut settings = addresses.settings();
    settings.push(("CHATS_DATABASE__URL", &url));
    contained.printed(&settings, &["migrate"])?;
    settings.push(("CHATS_DATABASE__MIGRATE", "false"));
    let serving = contained.serve(&settings)?;
    creates_and_reads(contained, &settings, &addresses.api)?;
    serving.stop()?;
    say("ok  serves from PostgreSQL, found by name");
    Ok(())
}

fn trusts_the_roots_of_the_image(contained: &Contained) -> Result<()> {
    let authority = Authority::new()?;
    let issued = authority.issue_to_server(&["localhost"])?;
    contained.write("certificate.pem", &issued.certificate)?;
    contained.write("key.pem", &issued.key)?;
    let addresses = Addresses::free()?;
    let mut settings = addresses.settings();
    settings.push(("CHATS_HTTP__TLS__CERTIFICATE", "/chats/data/certificate.pem"));
    settings.push(("CHATS_HTTP__TLS__KEY", "/chats/data/key.pem"));
    let server = contained.serve(&settings)?;

    let url = addresses.api.replace("127.0.0.1", "https://localhost");
    let asked = |means: &str| {
        let other = Addresses::free()?;
        let report = contained.run(&other.settings(), &["check", "--event-url", &url])?;
        let report = String::from_utf8_lossy(&report.stdout);
        ensure!(report.contains(means), "'{means}' is expected:\n{report}");
        Ok(())
    };
    asked("invalid peer certificate")?;
    let mut roots = OpenOptions::new().append(true).open(contained.roots())?;
    roots.write_all(authority.certificate().as_bytes())?;
    // It is no event service, but it was trusted so far as to be asked.
    asked("404")?;
    server.stop()?;
    say("ok  trusts the roots of the image, and no others");
    Ok(())
}

/// Makes a chat as any client does, and reads it by its key.
fn creates_and_reads(contained: &Contained, settings: &[(&str, &str)], api: &str) -> Result<()> {
    let token = contained.printed(settings, &["token", "--account", "tutor.demo.example.org"])?;
    let authorization = format!("Authorization: Bearer {}", token.trim());
    let ask = |path: &str, more: &[&str]| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--noproxy", "*"]);
        curl.args(["--header", &authorization, "--header", "Content-Type: application/json"]);
        output(curl.args(more).arg(format!("http://{api}/api/v1/{path}")))
    };
    let created = ask("chats", &["--data", r#"{"audience":"demo.example.org","scope":"a"}"#])?;
    let read = ask("audiences/demo.example.org/chats/a", &[])?;
    if created != read || !created.contains("event_room_id") {
        bail!("what was created is not what was read:\n{created}\n{read}");
    }
    Ok(())
}

/// Where one instance listens.
struct Addresses {
    api: String,
    admin: String,
    event: String,
}

impl Addresses {
    fn free() -> Result<Self> {
        let address = || Ok::<_, anyhow::Error>(format!("127.0.0.1:{}", free_port()?));
        Ok(Self { api: address()?, admin: address()?, event: address()? })
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("CHATS_HTTP__LISTEN", &self.api),
            ("CHATS_ADMIN__LISTEN", &self.admin),
            ("CHATS_EVENT__LISTEN", &self.event),
            ("CHATS_LOG__FILTER", "warn"),
        ]
    }
}

#[expect(clippy::print_stdout, reason = "this is where a task says what it found")]
fn say(line: &str) {
    println!("{line}");
}
