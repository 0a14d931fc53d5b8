use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chats_access::{Algorithm, Signer, SigningKey};
use chats_testkit::memory::SystemClock;

/// The audience of all chats.
pub(crate) const OUR_AUDIENCE: &str = "school.example.org";
/// An audience that has rooms, too.
pub(crate) const OTHER_AUDIENCE: &str = "other.example.org";
/// Who may do everything in our audience.
pub(crate) const OUR_TUTOR: &str = "tutor-7.school.example.org";
/// Who may do everything in the other audience.
pub(crate) const THEIR_TUTOR: &str = "tutor-8.other.example.org";

const ISSUER_SECRET: &str = "the secret of the issuer, for tests alone";
const IDENTITY_SECRET: &str = "the secret of our identity, for tests alone";

/// Longer than any run.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);

/// How fast a deployment goes about its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As with the defaults of the service.
    AsByDefault,
    /// Everything happens sooner than it does by default.
    Hurried,
}

/// What is measured is not how fast the log is written.
const AS_BY_DEFAULT: &str = r#"
log.filter = "info,actix_server=warn,actix_http=off,chats_http::access_log=warn"
"#;

const HURRIED: &str = r#"
http.deadline = "3s"
event.connect_timeout = "250ms"
event.timeout = "500ms"
recovery.lease = "1s"
recovery.interval = "500ms"
recovery.backoff_max = "2s"
log.filter = "info,actix_server=warn,actix_http=off,chats_event_embedded=debug"
"#;

const CONFIGURATION: &str = r#"
data_dir = "data"
http.listen = "127.0.0.1:0"
admin.listen = "127.0.0.1:0"
[identity]
account = "chats.svc.example.org"
issuer = "svc.example.org"
algorithm = "HS256"
key = "identity.key"
[issuers."iam.example.org"]
audiences = ["school.example.org", "other.example.org"]
algorithm = "HS256"
key = "issuer.key"
[audiences."school.example.org"]
policy = "local"
trusted = ["tutor-7.school.example.org"]
[audiences."other.example.org"]
policy = "local"
trusted = ["tutor-8.other.example.org"]
"#;

/// Writes the configuration and its keys. `settings` are more of them, in dotted keys, each on a line.
pub(super) fn write_to(directory: &Path, pace: Pace, settings: &str) -> io::Result<()> {
    let pace = match pace {
        Pace::AsByDefault => AS_BY_DEFAULT,
        Pace::Hurried => HURRIED,
    };
    fs::write(directory.join("chats.toml"), [pace, settings, CONFIGURATION].concat())?;
    write_secret(&directory.join("issuer.key"), ISSUER_SECRET)?;
    write_secret(&directory.join("identity.key"), IDENTITY_SECRET)
}

/// The service warns of secrets that others may read.
fn write_secret(file: &Path, secret: &str) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(secret.as_bytes())
}

/// A token of the issuer that the configuration names.
pub(crate) fn token(account: &str) -> Result<String> {
    let key = SigningKey::parse(Algorithm::Hs256, ISSUER_SECRET.as_bytes())?;
    let signer = Signer::new("iam.example.org".to_owned(), key, Arc::new(SystemClock));
    Ok(signer.sign(&account.parse()?, TOKEN_LIFETIME)?)
}
