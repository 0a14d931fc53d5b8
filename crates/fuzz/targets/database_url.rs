//! Any text as the URL of a database: nothing that is shown of it has the password in it.

#![no_main]

use chats_store::DatabaseUrl;
use libfuzzer_sys::fuzz_target;

const PASSWORD: &str = "Xq7-pass-2";

fuzz_target!(|text: &str| {
    check(text);
    check(&format!("postgres://chats:{PASSWORD}{text}"));
});

fn check(url: &str) {
    let shown = match url.parse::<DatabaseUrl>() {
        Ok(url) => format!("{url} {url:?}"),
        Err(why) => format!("{why} {why:?}"),
    };
    assert!(!url.starts_with("postgres://chats:") || !shown.contains(PASSWORD));
}
