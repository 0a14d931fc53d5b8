//! What a JWKS is refused for at once.

use std::sync::Arc;
use std::time::Duration;

use chats_access::{Algorithm, HttpClients, Jwks, JwksError, JwksSettings, JwksSource};
use chats_testkit::memory::ManualClock;

fn start(url: &str, settings: JwksSettings) -> Result<Jwks, JwksError> {
    let source = JwksSource::Url(url.parse().unwrap());
    Jwks::start(
        "issuer",
        source,
        settings,
        &HttpClients::default(),
        Arc::new(ManualClock::default()),
    )
}

fn start_with(change: impl FnOnce(&mut JwksSettings)) -> Result<Jwks, JwksError> {
    let mut settings = JwksSettings::new(Algorithm::Es256);
    change(&mut settings);
    start("http://127.0.0.1:1/", settings)
}

#[tokio::test]
async fn keys_come_by_https_or_from_this_machine() {
    let refused = |url: &str| match start(url, JwksSettings::new(Algorithm::Es256)) {
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    };
    for url in [
        "https://iam.example.org/jwks.json",
        "https://iam.example.org:8443/jwks.json?tenant=7",
        "http://127.0.0.1:1/",
        "http://127.1.2.3:1/",
        "http://[::1]:1/",
        "http://localhost:1/",
    ] {
        assert_eq!(refused(url), None, "{url}");
    }
    let plain = "is a URL that is http, which is for loopback addresses alone";
    let user = "is a URL that names a user";
    for (url, reason) in [
        ("http://iam.example.org/jwks.json", plain),
        ("http://10.0.0.1/", plain),
        ("http://0.0.0.0/", plain),
        ("http://localhost.example.org/", plain),
        ("http://127.0.0.1.example.org/", plain),
        ("ftp://iam.example.org/", "is a URL that is neither https nor http"),
        ("file:///etc/jwks.json", "is a URL that is neither https nor http"),
        ("https://user@iam.example.org/", user),
        ("https://:hunter2@iam.example.org/", user),
        ("https://iam.example.org/#keys", "is a URL that has a fragment"),
    ] {
        assert_eq!(refused(url).as_deref(), Some(reason), "{url}");
    }
}

#[tokio::test]
async fn secrets_do_not_come_by_url() {
    for url in ["https://iam.example.org/jwks.json", "http://127.0.0.1:1/"] {
        let refused = start(url, JwksSettings::new(Algorithm::Hs256));
        assert!(matches!(refused, Err(JwksError::SecretsByUrl)));
    }
}

#[tokio::test]
async fn times_that_make_no_sense_are_refused() {
    const MICRO: Duration = Duration::from_micros(1);
    assert!(start_with(|_| ()).is_ok());
    let zero = start_with(|settings| settings.cooldown = Duration::ZERO);
    assert!(matches!(zero, Err(JwksError::Cooldown)));
    let zero = start_with(|settings| settings.timeout = Duration::ZERO);
    assert!(matches!(zero, Err(JwksError::Timeout)));
    let shorter = start_with(|settings| settings.refresh = settings.cooldown.saturating_sub(MICRO));
    assert!(matches!(shorter, Err(JwksError::Refresh)));
    assert!(start_with(|settings| settings.refresh = settings.cooldown).is_ok());
    let as_long = start_with(|settings| settings.max_age = settings.refresh);
    assert!(matches!(as_long, Err(JwksError::MaxAge)));
    assert!(start_with(|settings| settings.max_age = settings.refresh + MICRO).is_ok());
}

#[test]
fn a_set_is_fetched_on_a_runtime() {
    assert!(matches!(start_with(|_| ()), Err(JwksError::NoRuntime(_))));
}
