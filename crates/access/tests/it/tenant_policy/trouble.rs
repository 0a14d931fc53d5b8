//! Tenants that are down, slow or broken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chats_access::{
    Algorithm, HttpClients, Signer, TenantPolicy, TenantPolicyError, TenantPolicySettings,
};
use chats_testkit::memory::ManualClock;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use super::tenant::{Asked, Tenant};
use super::{
    SHORT, STRANGER, School, TUTOR, account, assert_allowed, assert_unavailable, settings,
};
use crate::log::Log;
use crate::support::KeyFiles;

#[tokio::test]
async fn a_tenant_that_is_down_lets_nobody_in() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let uri = format!("http://{}", socket.local_addr().unwrap());
    // Longer than a label of a name can be, so that it is known without asking anybody.
    let no_host = format!("http://{}.invalid", "tenant".repeat(11));
    for uri in [uri, no_host] {
        let school = School::with(TenantPolicySettings { retries: 3, ..settings(&uri) });
        let shown = assert_unavailable(&school.may_read(TUTOR).await);
        assert!(shown.contains("no answer came, or not all of it"), "{shown}");
    }
}

#[tokio::test]
async fn a_question_that_met_trouble_is_asked_again() {
    let tenant = Tenant::start().await;
    let cut_anywhere = [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n[\"read\"",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n[\"read\"]\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
    ];
    let failed = [500, 501, 502, 503, 504, 599]
        .map(|status| format!("HTTP/1.1 {status} Sorry\r\nconnection: close\r\n\r\n[\"read\"]"));
    for trouble in cut_anywhere.into_iter().map(str::to_owned).chain(failed) {
        let school = School::with(TenantPolicySettings { retries: 1, ..settings(&tenant.uri()) });
        let (answer, ()) = tokio::join!(school.may_read(TUTOR), async {
            tenant.say(&trouble).await;
            tenant.allow(r#"["read"]"#).await;
        });
        assert_allowed(&answer);
    }
}

#[tokio::test]
async fn a_question_is_asked_so_often_and_no_more() {
    let tenant = Tenant::start().await;
    for retries in [0, 1, 3] {
        let school = School::with(TenantPolicySettings { retries, ..settings(&tenant.uri()) });
        let (answer, ()) = tokio::join!(school.may_read(TUTOR), async {
            for _ in 0..=retries {
                tenant.asked().await.answer("503 Sorry", r#"["read"]"#).await;
            }
        });
        assert!(assert_unavailable(&answer).ends_with("the answer has the status 503"));
        assert!(!tenant.was_called().await);
    }
}

#[tokio::test]
async fn a_tenant_that_keeps_silent_is_waited_for_so_long_and_asked_again() {
    let tenant = Tenant::start().await;
    let silent = TenantPolicySettings { timeout: SHORT, retries: 1, ..settings(&tenant.uri()) };
    let begin = Instant::now();
    let school = School::with(silent);
    let (answer, _connections) = tokio::join!(school.may_read(TUTOR), async {
        // One is read and not answered, the other only accepted.
        (tenant.still_asked().await, tenant.accept().await)
    });
    assert!(assert_unavailable(&answer).ends_with("no answer came in time"));
    assert!(begin.elapsed() >= SHORT * 2);
    assert!(!tenant.was_called().await);
}

#[tokio::test]
async fn an_answer_that_never_ends_is_waited_for_so_long() {
    let tenant = Tenant::start().await;
    let school = School::with(TenantPolicySettings { timeout: SHORT, ..settings(&tenant.uri()) });
    let (answer, _connection) = tokio::join!(school.may_read(TUTOR), async {
        let part = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n[\"read\"";
        match tenant.still_asked().await {
            Some(asked) => Some(asked.say_and_hang(part).await),
            None => None,
        }
    });
    assert!(assert_unavailable(&answer).ends_with("no answer came in time"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_tenant_that_swallows_connections_is_waited_for_so_long() {
    // A queue for one connection, and one that nobody accepts in it: Linux drops what comes next.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let _in_the_queue = TcpStream::connect(address).await.unwrap();

    let settings =
        TenantPolicySettings { timeout: SHORT, ..settings(&format!("http://{address}")) };
    let shown = assert_unavailable(&School::with(settings).may_read(TUTOR).await);
    assert!(shown.ends_with("no answer came in time"), "{shown}");
}

#[tokio::test]
async fn a_connection_that_the_tenant_has_ended_is_replaced() {
    let tenant = Tenant::start().await;
    let never = Duration::ZERO;
    let school = School::with(TenantPolicySettings {
        retries: 1,
        cache_yes: never,
        ..settings(&tenant.uri())
    });
    let has_ended_one = Arc::new(AtomicBool::new(false));
    let ends_one = Arc::clone(&has_ended_one);
    tokio::spawn(async move {
        loop {
            let (connection, ends_one) = (tenant.accept().await, Arc::clone(&ends_one));
            tokio::spawn(async move {
                let kept = Asked::on(connection).await.answer_and_go_on(r#"["read"]"#).await;
                // The next question goes out on it, and meets its end.
                drop(Asked::on(kept).await);
                ends_one.store(true, Ordering::Relaxed);
            });
        }
    });
    // Or it goes out on a new one, for the client takes a moment to put one back.
    for _ in 0..1000 {
        assert_allowed(&school.may_read(TUTOR).await);
        if has_ended_one.load(Ordering::Relaxed) {
            return;
        }
    }
    panic!("no connection is used twice");
}

#[tokio::test]
async fn a_tls_handshake_that_fails_lets_nobody_in() {
    let tenant = Tenant::start().await;
    let school = School::with(settings(&tenant.uri().replace("http://", "https://")));
    let (answer, ()) = tokio::join!(school.may_read(TUTOR), async {
        let mut connection = tenant.accept().await;
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
    });
    assert_unavailable(&answer);
}

#[tokio::test]
async fn the_log_learns_neither_the_token_nor_the_uri() {
    let tenant = Tenant::start().await;
    let uri = format!("{}?key=secret", tenant.uri());
    let school = School::with(settings(&uri));
    let (answer, token) = tokio::join!(school.may_read(TUTOR), async {
        tenant.asked().await.header("authorization").trim_start_matches("Bearer ").to_owned()
    });
    let shown = format!("{} {answer:?} {:?}", assert_unavailable(&answer), school.policies);
    assert!(!token.is_empty() && !shown.contains(&token), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn the_log_hears_once_that_trouble_begins_and_once_that_it_is_over() {
    let log = Log::default();
    let _guard = log.takes_all();
    let count = |words: &str| log.text().lines().filter(|line| line.contains(words)).count();
    let tenant = Tenant::start().await;
    let never = Duration::ZERO;
    let settings =
        TenantPolicySettings { cache_yes: never, cache_no: never, ..settings(&tenant.uri()) };
    let school = School::with(settings);
    let ask = async |status: &str| {
        let answering = async { tenant.asked().await.answer(status, r#"["read"]"#).await };
        tokio::join!(school.may_read(STRANGER), answering).0
    };
    for _ in 0..3 {
        assert_unavailable(&ask("503 Sorry").await);
    }
    assert_eq!(count("WARN"), 1, "{}", log.text());
    assert!(log.text().contains("audience=\"school.example.org\""), "{}", log.text());
    assert!(log.text().contains("the answer has the status 503"), "{}", log.text());

    // What comes and goes is one trouble.
    for _ in 0..3 {
        school.clock.advance(Duration::from_secs(59));
        assert_allowed(&ask("200 OK").await);
        assert_unavailable(&ask("503 Sorry").await);
    }
    assert_eq!((count("WARN"), count("answers all questions again")), (1, 0), "{}", log.text());

    school.clock.advance(Duration::from_mins(1));
    for _ in 0..3 {
        assert_allowed(&ask("200 OK").await);
    }
    assert_eq!((count("WARN"), count("answers all questions again")), (1, 1), "{}", log.text());
    assert_unavailable(&ask("503 Sorry").await);
    assert_eq!(count("WARN"), 2, "{}", log.text());
}

#[test]
fn connections_need_a_runtime() {
    let key = KeyFiles::p256().signing_key(Algorithm::Es256);
    let signer = Signer::new("iam.example.org".to_owned(), key, Arc::new(ManualClock::default()));
    let refused = TenantPolicy::new(
        settings("http://tenant"),
        account("chats.svc.example.org"),
        signer,
        &HttpClients::default(),
    );
    assert!(matches!(refused, Err(TenantPolicyError::NoRuntime(_))));
}
