//! What an answer means.

use chats_access::TenantPolicySettings;
use chats_domain::ports::{Action, Object};

use super::tenant::Tenant;
use super::{School, TUTOR, account, assert_allowed, assert_denied, assert_unavailable, settings};

/// Asks again, where that is of use.
fn asking_again(tenant: &Tenant) -> School {
    School::with(TenantPolicySettings { retries: 3, ..settings(&tenant.uri()) })
}

#[tokio::test]
async fn what_is_listed_is_allowed_and_nothing_else() {
    let tenant = Tenant::start().await;
    for (body, actions) in [
        (r#"["read"]"#, &["read"][..]),
        (r#"["create","read"]"#, &["create", "read"]),
        (" [ \"convert\" ,\n\"convert\" ] ", &["convert"]),
        (r#"["\u0072ead","delete",""]"#, &["read"]),
        ("[]", &[]),
        (r#"["Read","read ","*","reader","rea","read\u0000"]"#, &[]),
    ] {
        for action in [Action::Create, Action::Convert, Action::Read] {
            let school = School::of(&tenant);
            let tutor = account(TUTOR);
            let asking = school.may(&tutor, Object::Chats, action);
            let (answer, ()) = tokio::join!(asking, tenant.allow(body));
            if actions.contains(&action.as_str()) {
                assert_allowed(&answer);
            } else {
                assert_denied(&answer);
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_no_list_of_actions_lets_nobody_in_and_is_asked_for_once() {
    let tenant = Tenant::start().await;
    let school = asking_again(&tenant);
    for body in [
        "",
        "read",
        r#""read""#,
        "true",
        "null",
        "{}",
        r#"{"read":true}"#,
        r#"["read",7]"#,
        r#"["read",null]"#,
        r#"[["read"]]"#,
        r#"["read""#,
        r#"["read"]]"#,
        r#"["read"] true"#,
        r#"["read",]"#,
        "\u{feff}[\"read\"]",
        r#"["read","secret"#,
        "<html>secret</html>",
    ] {
        let (answer, ()) = tokio::join!(school.may_read(TUTOR), tenant.allow(body));
        let shown = assert_unavailable(&answer);
        assert!(
            shown.starts_with(
                "the tenant of school.example.org did not tell: \
                 the answer is not an array of strings (line 1, column "
            ),
            "{body}: {shown}"
        );
        assert!(!shown.contains("secret"), "{shown}");
        assert!(!tenant.was_called().await, "{body}");
    }
    let not_utf_8 = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[\"read\",\"\xff\"]";
    let (answer, ()) = tokio::join!(school.may_read(TUTOR), tenant.say(not_utf_8));
    assert_unavailable(&answer);
}

#[tokio::test]
async fn a_status_other_than_success_lets_nobody_in_whatever_the_body_says() {
    let tenant = Tenant::start().await;
    let school = asking_again(&tenant);
    for status in [
        300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 410, 422, 429,
        451,
    ] {
        let status_line = format!("{status} Anything");
        let (answer, ()) = tokio::join!(school.may_read(TUTOR), async {
            tenant.asked().await.answer(&status_line, r#"["read"]"#).await;
        });
        let shown = assert_unavailable(&answer);
        assert!(shown.ends_with(&format!("the answer has the status {status}")), "{shown}");
        assert!(!tenant.was_called().await, "{status} is asked for once");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (tenant, elsewhere) = (Tenant::start().await, Tenant::start().await);
    let school = asking_again(&tenant);
    for status in [301, 302, 303, 307, 308] {
        let redirect = format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: {}\r\nconnection: close\r\n\r\n",
            elsewhere.uri()
        );
        let (answer, ()) = tokio::join!(school.may_read(TUTOR), tenant.say(&redirect));
        assert_unavailable(&answer);
        assert!(!elsewhere.was_called().await);
    }
}

#[tokio::test]
async fn a_long_answer_is_read_up_to_the_limit() {
    let tenant = Tenant::start().await;
    let list = r#"["read"]"#;
    for (length, fits) in [(1 << 16, true), ((1 << 16) + 1, false)] {
        let school = School::of(&tenant);
        let body = format!("{list}{}", " ".repeat(length - list.len()));
        let (answer, ()) = tokio::join!(school.may_read(TUTOR), tenant.allow(&body));
        if fits {
            assert_allowed(&answer);
        } else {
            assert!(assert_unavailable(&answer).ends_with("longer than 65536 bytes"));
        }
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_to_it() {
    let tenant = Tenant::start().await;
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
    ] {
        let school = asking_again(&tenant);
        let megabyte = vec![b' '; 1 << 20];
        let (answer, _) = tokio::join!(school.may_read(TUTOR), async {
            tenant.asked().await.say_for_ever(head, &megabyte).await
        });
        assert!(assert_unavailable(&answer).ends_with("longer than 65536 bytes"));
        assert!(!tenant.was_called().await);
    }
}
