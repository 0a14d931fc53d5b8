//! Tokens and keys that other implementations made.
//!
//! What is checked in was made by the scripts beside it, which are run anew where they can be:
//! `cargo xtask test` installs what they import, and names it in `PYTHONPATH` and `NODE_PATH`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Write;
use std::process::Command;
use std::sync::Arc;

use chats_access::{
    HttpClients, Issuer, IssuerKeys, Jwks, JwksSettings, JwksSource, VerificationKey,
};
use chats_testkit::memory::SystemClock;
use serde::Deserialize;
use serde_json::Value;

use crate::both_ways::BothWays;
use crate::scene::tutor;
use crate::support::ALGORITHMS;

/// What a script prints. Maps are by algorithm.
#[derive(Deserialize)]
struct Made {
    tokens: BTreeMap<String, String>,
    /// PEM, or the secret.
    keys: BTreeMap<String, String>,
    jwks: Value,
    /// The same for secrets, which are in a set of their own.
    secrets: Value,
}

/// Each token counts by its key as by its set, and by no other key.
async fn authenticates(issuer: &str, json: &str) {
    let made: Made = serde_json::from_str(json).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, set: &Value| {
        let file = directory.path().join(name);
        fs::write(&file, set.to_string()).unwrap();
        file
    };
    let (public, secret) = (write("public", &made.jwks), write("secret", &made.secrets));
    for algorithm in ALGORITHMS {
        let name = algorithm.as_str();
        let file = if name == "HS256" { &secret } else { &public };
        let jwks = Jwks::start(
            issuer,
            JwksSource::File(file.clone()),
            JwksSettings::new(algorithm),
            &HttpClients::default(),
            Arc::new(SystemClock),
        );
        let key = VerificationKey::parse(algorithm, made.keys[name].as_bytes());
        for keys in [IssuerKeys::from(jwks.unwrap()), IssuerKeys::from(key.unwrap())] {
            let audiences = HashSet::from([tutor().audience().clone()]);
            let by_name = HashMap::from([(issuer.to_owned(), Issuer::new(keys, audiences))]);
            let issuers = BothWays::new(by_name, &Arc::new(SystemClock));
            for (signed_with, token) in &made.tokens {
                let authenticated = issuers.authenticate(token).await.ok();
                let expected = (signed_with == name).then(tutor);
                assert_eq!(authenticated, expected, "{signed_with} of {issuer} with {name}");
            }
        }
    }
}

/// What a script prints now; `None` if what it takes is not there.
fn made_anew(command: &str, is_there: [&str; 2], script: &str) -> Option<String> {
    let probe = Command::new(command).args(is_there).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        // Past what the test runner catches of a test that passes.
        let _ = writeln!(std::io::stdout(), "NOT RUN: {script}, for want of what it imports");
        return None;
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/interop");
    let output = Command::new(command).arg(format!("{folder}/{script}")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn what_pyjwt_made_is_authenticated() {
    authenticates("pyjwt.example.org", include_str!("../../fixtures/interop/pyjwt.json")).await;
}

#[tokio::test]
async fn what_jose_made_is_authenticated() {
    authenticates("jose.example.org", include_str!("../../fixtures/interop/jose.json")).await;
}

#[tokio::test]
async fn what_pyjwt_makes_now_is_authenticated() {
    let made = made_anew("python3", ["-c", "import jwt, cryptography"], "pyjwt_mint.py");
    if let Some(made) = made {
        authenticates("pyjwt.example.org", &made).await;
    }
}

#[tokio::test]
async fn what_jose_makes_now_is_authenticated() {
    let made = made_anew("node", ["-e", "require.resolve('jose')"], "jose_mint.mjs");
    if let Some(made) = made {
        authenticates("jose.example.org", &made).await;
    }
}
