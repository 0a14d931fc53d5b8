//! The page to try the API from, in a real browser, as a newcomer uses it.

use std::io::Write;
use std::{env, fs, io};

use serde_json::Value;

use crate::support::{Browser, Process, chats};

/// Where to put a picture of the page, if there is to be one.
const SCREENSHOT: &str = "SCREENSHOT";

/// Set where nobody reads that a test did not run.
const CI: &str = "CI";

#[tokio::test]
async fn a_newcomer_creates_a_chat_on_the_page_and_reads_it() {
    let Some(browser) = Browser::start().await else {
        assert!(env::var_os(CI).is_none(), "there is no chromedriver for the test of the page");
        // Past what the test runner catches of a test that passes.
        let _ = writeln!(io::stdout(), "NOT RUN: the test of the page, for want of chromedriver");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let mut service = chats(directory.path());
    service.args(["--http-listen", "127.0.0.1:0", "--event-listen", "127.0.0.1:0"]);
    let (_service, said) = Process::start(&mut service, "Ctrl-C ends it");
    browser.open(word_after("try it at", &said)).await;
    let token = word_after("TOKEN=", &said);
    authorize(&browser, token).await;

    // The example that the page proposes is a good request.
    unfold(&browser, "createChat").await;
    let created = execute(&browser, "createChat", &[], 201).await;
    if let Some(file) = env::var_os(SCREENSHOT) {
        browser
            .run("document.querySelector('#operations-chats-createChat').scrollIntoView()")
            .await;
        fs::write(file, browser.screenshot().await).unwrap();
    }
    assert_eq!(created["scope"], "lesson-42");
    let id = created["chat_id"].as_str().unwrap();
    unfold(&browser, "readChat").await;
    let read = execute(&browser, "readChat", &[("chat_id", id)], 200).await;
    assert_eq!(read, created);

    // The browser keeps no token for whoever comes next.
    browser.reload().await;
    unfold(&browser, "readChatByKey").await;
    let key = [("audience", "demo.example.org"), ("scope", "lesson-42")];
    let problem = execute(&browser, "readChatByKey", &key, 401).await;
    assert_eq!(problem["type"], "authentication_failed");
    authorize(&browser, token).await;
    assert_eq!(execute(&browser, "readChatByKey", &key, 200).await, created);

    let problem = execute(&browser, "readChatByKey", &[("scope", "a/b c%é")], 404).await;
    assert_eq!(problem["type"], "chat_not_found");
    assert!(problem["detail"].as_str().unwrap().contains("'a/b c%é'"), "{problem}");
    // The answers with problems are those that are not as the page wishes.
    let complaints = browser.complaints().await;
    let [unauthenticated, not_found] = &complaints[..] else { panic!("{complaints:?}") };
    assert!(unauthenticated.contains("401") && not_found.contains("404"), "{complaints:?}");
}

async fn authorize(browser: &Browser, token: &str) {
    browser.find(".auth-wrapper button.authorize").await.click().await;
    browser.find(".auth-container input").await.fill(token).await;
    browser.find(".auth-btn-wrapper button.authorize").await.click().await;
    browser.find(".auth-btn-wrapper button.btn-done").await.click().await;
}

async fn unfold(browser: &Browser, operation: &str) {
    let selector = format!("#operations-chats-{operation} .opblock-summary-control");
    browser.find(&selector).await.click().await;
}

/// Executes an unfolded operation with these values, and returns the answer that the page then shows.
async fn execute(
    browser: &Browser,
    operation: &str,
    values: &[(&str, &str)],
    status: u16,
) -> Value {
    let block = format!("#operations-chats-{operation}");
    for (name, value) in values {
        let input = format!("{block} tr[data-param-name='{name}'] input");
        browser.find(&input).await.fill(value).await;
    }
    browser.find(&format!("{block} button.execute")).await.click().await;
    let answered = format!("{block} .live-responses-table .response td.response-col_status");
    browser.wait_for_text(&answered, &status.to_string()).await;
    let body = browser.find(&format!("{block} .live-responses-table .highlight-code code")).await;
    let text = body.text().await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The word after these ones.
fn word_after<'a>(words: &str, said: &'a str) -> &'a str {
    let (_, rest) = said.split_once(words).unwrap_or_else(|| panic!("no {words:?} in: {said}"));
    rest.split_whitespace().next().unwrap()
}
