use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Process;

/// How long an element may take to be there.
const PATIENCE_MILLIS: u32 = 30_000;

/// The name of an element's identifier in answers (WebDriver, section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser without a window, driven by WebDriver (<https://www.w3.org/TR/webdriver2>).
pub(crate) struct Browser {
    http: Client,
    session: String,
    // The driver ends the browser when it ends, before its files go.
    _driver: Process,
    _profile: TempDir,
}

/// An element of the page, found by the first CSS selector that matches.
pub(crate) struct Element<'a> {
    browser: &'a Browser,
    url: String,
}

impl Browser {
    /// Starts Chromium, if there is one with its driver.
    pub(crate) async fn start() -> Option<Self> {
        let is_there = Command::new("chromedriver").arg("--version").output().is_ok();
        if !is_there {
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver");
        driver.arg("--port=0").env("NO_PROXY", "127.0.0.1,localhost");
        let ready = "ChromeDriver was started successfully on port ";
        let (driver, said) = Process::start(&mut driver, ready);
        let (_, port) = said.split_once(ready).unwrap();
        let url = format!("http://127.0.0.1:{}", port.trim().trim_end_matches('.'));
        let http = Client::builder().no_proxy().build().unwrap();
        let url = format!("{url}/session");
        let session = call(&http, Method::POST, &url, &wishes(profile.path())).await;
        let session = format!("{url}/{}", session["sessionId"].as_str().unwrap());
        Some(Self { http, session, _driver: driver, _profile: profile })
    }

    pub(crate) async fn open(&self, url: &str) {
        self.post("url", json!({ "url": url })).await;
    }

    pub(crate) async fn reload(&self) {
        self.post("refresh", json!({})).await;
    }

    /// The first element that the CSS selector matches, once there is one.
    pub(crate) async fn find(&self, selector: &str) -> Element<'_> {
        let found = self.post("element", json!({"using": "css selector", "value": selector})).await;
        let id = found[ELEMENT].as_str().unwrap();
        Element { browser: self, url: format!("element/{id}") }
    }

    /// Waits until the element that the CSS selector matches begins with this text.
    pub(crate) async fn wait_for_text(&self, selector: &str, text: &str) {
        let script = "const [selector, text, done] = arguments;
            const look = () => {
                const element = document.querySelector(selector);
                return element !== null && element.textContent.startsWith(text);
            };
            const observer = new MutationObserver(() => look() && done());
            observer.observe(document, {childList: true, subtree: true, characterData: true});
            look() && done();";
        let body = json!({"script": script, "args": [selector, text]});
        self.post("execute/async", body).await;
    }

    /// What the page complained of: errors of scripts, and what its security policy forbids.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.post("se/log", json!({"type": "browser"})).await;
        let severe = log.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// A picture of what is seen, in PNG.
    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        let picture = self.call(Method::GET, "screenshot", &Value::Null).await;
        BASE64_STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str) {
        self.post("execute/sync", json!({"script": script, "args": []})).await;
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, &body).await
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        call(&self.http, method, &format!("{}/{path}", self.session), body).await
    }
}

impl Element<'_> {
    pub(crate) async fn click(&self) {
        self.browser.post(&format!("{}/click", self.url), json!({})).await;
    }

    /// Types a text in place of what is there.
    pub(crate) async fn fill(&self, text: &str) {
        // Control and A, then neither.
        let text = format!("\u{e009}a\u{e000}{text}");
        self.browser.post(&format!("{}/value", self.url), json!({ "text": text })).await;
    }

    pub(crate) async fn text(&self) -> String {
        let path = format!("{}/text", self.url);
        let text = self.browser.call(Method::GET, &path, &Value::Null).await;
        text.as_str().unwrap().to_owned()
    }
}

fn wishes(profile: &Path) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments = [
        "--headless",
        // Root, as in containers, has no sandbox. The page is our own.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,2080",
        &profile,
    ];
    json!({"capabilities": {"alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "implicit": PATIENCE_MILLIS, "script": PATIENCE_MILLIS },
    }}})
}

/// What WebDriver answers, which is no error.
async fn call(http: &Client, method: Method, url: &str, body: &Value) -> Value {
    let mut request = http.request(method, url);
    if !body.is_null() {
        request = request.json(body);
    }
    let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
    let value = answer["value"].take();
    assert!(value.get("error").is_none(), "{url} {body}: {value:#}");
    value
}
