//! Settings that no client works with.

use std::{env, process::Command, time::Duration};

use chats_event_client::{EventClient, Settings, SetupError};

use crate::settings;

#[tokio::test]
async fn a_base_url_that_names_a_user_is_no_place_for_a_secret() {
    let refused = EventClient::new(&settings("http://chats:secret@event"), None);
    let error = refused.err().unwrap();
    assert!(matches!(error, SetupError::BaseUrl(_)), "{error:?}");
    assert_eq!(error.to_string(), "the base URL names a user");
}

#[tokio::test]
async fn a_connection_may_not_take_longer_than_a_call() {
    let settings =
        Settings { connect_timeout: Duration::from_secs(10), ..settings("http://event") };
    let refused = EventClient::new(&settings, None);
    assert!(matches!(refused, Err(SetupError::Timeouts)));
}

#[test]
fn connections_need_a_runtime() {
    let refused = EventClient::new(&settings("http://event"), None);
    assert!(matches!(refused, Err(SetupError::NoRuntime(_))));
}

#[test]
fn a_proxy_of_the_environment_is_not_heeded() {
    let a_test_with_calls = "requests::a_repeat_is_the_same_request";
    let nowhere = "http://127.0.0.1:1";
    let run = Command::new(env::current_exe().unwrap())
        .args(["--exact", a_test_with_calls])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env("HTTP_PROXY", nowhere)
        .env("http_proxy", nowhere)
        .env("ALL_PROXY", nowhere)
        .output()
        .unwrap();
    let output = String::from_utf8(run.stdout).unwrap();
    assert!(output.contains("1 passed"), "{output}");
}
