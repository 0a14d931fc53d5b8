//! Any header and any claims, one to a line, that the issuer has signed: what counts says so to any reader.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chats_access::{Algorithm, Issuers, MAX_TOKEN_BYTES, VerificationKey};
use chats_fuzz::{AUDIENCE, NOW, SECRET, account, issuers, json};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const ISSUER: &str = "iam.example.org";

static ISSUERS: LazyLock<Issuers> = LazyLock::new(|| {
    issuers([(ISSUER, VerificationKey::parse(Algorithm::Hs256, &SECRET).unwrap())])
});

static KEY: LazyLock<Key> = LazyLock::new(|| Key::new(HMAC_SHA256, &SECRET));

fuzz_target!(|lines: &[u8]| {
    let mut lines = lines.splitn(2, |byte| *byte == b'\n');
    let (header, claims) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(&KEY, signed.as_bytes()));
    let token = format!("{signed}.{signature}");

    let Some(account) = account(&ISSUERS, &token) else { return };
    assert!(token.len() <= MAX_TOKEN_BYTES);
    if let Some(header) = json(header) {
        assert_eq!(header["alg"], "HS256");
        assert_eq!(header.get("crit"), None);
    }
    // That reader does not know of numbers that are beyond counting.
    let Some(claims) = json(claims) else { return };
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["sub"], account.label());
    let aud = match &claims["aud"] {
        Value::Array(list) if list.len() == 1 => &list[0],
        other => other,
    };
    assert_eq!(aud, AUDIENCE);
    assert_eq!(account.audience().as_str(), AUDIENCE);
    // Half a minute either way, and what is less than a second.
    assert!(claims["exp"].as_f64().unwrap() > NOW as f64 - 31.0);
    assert!(claims.get("nbf").is_none_or(|nbf| nbf.as_f64().unwrap() < NOW as f64 + 31.0));
});
