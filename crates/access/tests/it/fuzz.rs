//! What holds for any token, however it was made.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::scene::{ES256, ISSUER, Scene, tutor};

/// What a claim may be, right or not.
fn value(now: i64) -> impl Strategy<Value = String> {
    let odd = select(vec![
        "null",
        "true",
        "0",
        "-1",
        "-0.0",
        "1e300",
        "-1e300",
        "1e400",
        "18446744073709551616",
        "[]",
        "{}",
        r#""""#,
        r#""\u0000""#,
        r#""\ud800""#,
        r#"["school.example.org"]"#,
        r#"["school.example.org","college.example.org"]"#,
        r#"{"a":{"a":[1]}}"#,
    ]);
    let text = prop_oneof![
        Just("school.example.org".to_owned()),
        Just("college.example.org".to_owned()),
        Just(ISSUER.to_owned()),
        Just("tutor-7".to_owned()),
        any::<String>(),
    ];
    prop_oneof![
        odd.prop_map(str::to_owned),
        text.prop_map(|text| Value::from(text).to_string()),
        (-100_i64..1_000).prop_map(move |seconds| (now + seconds).to_string()),
        any::<f64>().prop_map(|number| json!(number).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
    ]
}

/// The members of an object, in their order, perhaps some of them twice.
fn members(now: i64) -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let names = select(vec!["iss", "aud", "sub", "exp", "nbf", "iat", "\\u0065xp", "x"]);
    let good = vec![
        ("iss", json!(ISSUER).to_string()),
        ("aud", json!("school.example.org").to_string()),
        ("sub", json!("tutor-7").to_string()),
        ("exp", (now + 300).to_string()),
    ];
    let changes = prop::collection::vec((names, value(now), any::<Index>(), any::<bool>()), 0..4);
    changes.prop_map(move |changes| {
        let mut members = good.clone();
        for (name, value, at, replaces) in changes {
            let at = at.index(members.len());
            if replaces {
                members[at].1 = value;
            } else {
                members.insert(at, (name, value));
            }
        }
        members
    })
}

/// Whether a token may say this, told by a reader that knows nothing of tokens.
fn is_good(claims: &str, now: i64) -> Option<(String, String)> {
    let claims: Value = serde_json::from_str(claims).ok()?;
    let time = |name: &str| claims.get(name).map(|value| value.as_f64().ok_or(()));
    let (exp, nbf) = (time("exp")?.ok()?, time("nbf").unwrap_or(Ok(f64::MIN)).ok()?);
    #[expect(clippy::cast_precision_loss, reason = "the times of a test are small")]
    let now = now as f64;
    let aud = match claims.get("aud")? {
        Value::Array(list) if list.len() == 1 => list[0].as_str()?,
        other => other.as_str()?,
    };
    let sub = claims.get("sub")?.as_str()?;
    let is_label = (1..=255).contains(&sub.chars().count())
        && !sub.chars().any(|it| it.is_control() || it.is_whitespace());
    let is_known = ["school.example.org", "college.example.org"].contains(&aud);
    let counts = claims.get("iss")? == ISSUER
        && is_known
        && is_label
        && now < exp + 30.0
        && nbf <= now + 30.0;
    counts.then(|| (sub.to_owned(), aud.to_owned()))
}

fn object(members: &[(&str, String)], is_taken: impl Fn(&str) -> bool) -> String {
    let taken = members.iter().filter(|(name, _)| is_taken(name));
    let written: Vec<_> = taken.map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", written.join(","))
}

/// What others say may be anything, even what that reader cannot read.
fn matters(name: &str) -> bool {
    !["iat", "x"].contains(&name)
}

/// Whether a name that matters stands there once at the most.
fn has_no_name_twice(members: &[(&str, String)]) -> bool {
    ["iss", "aud", "sub", "exp", "nbf"].iter().all(|name| {
        let same = |other: &str| other == *name || (*name == "exp" && other == "\\u0065xp");
        members.iter().filter(|(other, _)| same(other)).count() <= 1
    })
}

#[test]
fn a_signed_token_counts_exactly_if_any_reader_of_json_finds_it_good() {
    let (runtime, scene) = (Runtime::new().unwrap(), Scene::new());
    let now = scene.now();
    proptest!(|(members in members(now))| {
        let claims = object(&members, |_| true);
        let account = runtime.block_on(scene.authenticate(&scene.signed(ES256, &claims)));
        let account = account.ok().map(|it| (it.label().to_owned(), it.audience().to_string()));
        let expected = is_good(&object(&members, matters), now).filter(|_| has_no_name_twice(&members));
        prop_assert_eq!(account, expected, "{}", claims);
    });
}

#[test]
fn a_token_that_was_changed_does_not_count() {
    let (runtime, scene) = (Runtime::new().unwrap(), Scene::new());
    let token = scene.token();
    let part = prop_oneof![
        "[A-Za-z0-9_.=+/-]{0,4}",
        any::<char>().prop_map(String::from),
        Just(".".to_owned()),
    ];
    let change = (any::<Index>(), 0_usize..6, part);
    proptest!(|(changes in prop::collection::vec(change, 1..4))| {
        let mut changed: Vec<char> = token.chars().collect();
        for (at, length, part) in changes {
            let at = at.index(changed.len() + 1);
            let end = changed.len().min(at + length);
            changed.splice(at..end, part.chars());
        }
        let changed: String = changed.into_iter().collect();
        let account = runtime.block_on(scene.authenticate(&changed));
        if changed == token {
            prop_assert_eq!(account, Ok(tutor()));
        } else {
            prop_assert!(account.is_err(), "{}", changed);
        }
    });
}

#[test]
fn what_is_no_token_does_not_count_whatever_it_is() {
    let (runtime, scene) = (Runtime::new().unwrap(), Scene::new());
    let texts = prop_oneof![
        any::<String>(),
        "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,90}",
        "\\.{0,5}",
    ];
    proptest!(|(text in texts)| {
        prop_assert!(runtime.block_on(scene.authenticate(&text)).is_err());
    });
}

#[test]
fn no_header_makes_another_ones_signature_count() {
    let (runtime, scene) = (Runtime::new().unwrap(), Scene::new());
    let stranger = crate::support::KeyFiles::p256();
    let value = select(vec![
        r#""ES256""#,
        r#""none""#,
        r#""HS256""#,
        "null",
        "[]",
        r#"["b64"]"#,
        "false",
        r#""../../""#,
        "1",
    ]);
    let names = select(vec!["alg", "kid", "crit", "b64", "typ", "cty", "jku", "x5u", "zip", "enc"]);
    proptest!(|(members in prop::collection::vec((names, value), 0..5), is_first in any::<bool>())| {
        let mut written: Vec<_> =
            members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        let at = if is_first { 0 } else { written.len() };
        written.insert(at, r#""alg":"ES256""#.to_owned());
        let header = format!("{{{}}}", written.join(","));
        let claims = scene.claims().to_string();
        let forged = crate::scene::sign(&header, &claims, &stranger);
        prop_assert!(runtime.block_on(scene.authenticate(&forged)).is_err(), "{}", header);
        // The rightful one counts if its header is clear.
        let names: Vec<_> = members.iter().map(|(name, _)| *name).collect();
        let is_clear = !names.contains(&"alg") && !names.contains(&"crit") && !names.contains(&"kid");
        let rightful = runtime.block_on(scene.authenticate(&scene.signed(&header, &claims)));
        prop_assert!(!is_clear || rightful == Ok(tutor()), "{}", header);
    });
}
