//! What holds for any text that comes from outside.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::fmt::Write;

use chats_domain::values::{Account, Audience, InvalidTags, MAX_TEXT_CHARS, Scope, Tags};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Number, Value};

/// JSON as a program would write it, with names that can be told apart.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[^\0]{0,8}".prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map("[^\0]{0,6}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("[^\0]{0,6}", json(), 0..6)
        .prop_map(|members| members.into_iter().collect())
}

/// JSON text that somebody has damaged, perhaps without doing harm.
fn damaged() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[\\[\\]{}:,\"\\\\eE.+0-9tfn -]{0,3}",
        Just("\\u0000".to_owned()),
        Just("\\ud83e".to_owned()),
        Just("\"\":1,".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    let changes = prop::collection::vec((any::<Index>(), 0_usize..3, part), 0..4);
    (object(), changes).prop_map(|(object, changes)| {
        let mut text: Vec<char> = Value::Object(object).to_string().chars().collect();
        for (at, length, part) in changes {
            let at = at.index(text.len() + 1);
            let end = text.len().min(at + length);
            text.splice(at..end, part.chars());
        }
        text.into_iter().collect()
    })
}

/// Whether it is an object in which no character is U+0000.
fn is_storable(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains('\0'),
        Value::Array(items) => items.iter().all(is_storable),
        Value::Object(members) => {
            members.iter().all(|(name, value)| !name.contains('\0') && is_storable(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

proptest! {
    #[test]
    fn tags_are_read_as_any_reader_of_json_does(text in damaged()) {
        let read: Result<Value, _> = serde_json::from_str(&text);
        match (Tags::parse(&text), read) {
            (Ok(tags), read) => {
                // A number may be beyond what that reader can hold.
                let is_object = read.is_ok_and(|it| it.is_object() && is_storable(&it));
                prop_assert!(is_object || text.contains(['e', 'E']), "{text}");
                prop_assert_eq!(tags.as_json(), text.trim());
                prop_assert_eq!(&Tags::parse(tags.as_json()).unwrap(), &tags);
            }
            (Err(InvalidTags::RepeatedName(_)), _) | (Err(_), Err(_)) => {}
            (Err(why), Ok(value)) => {
                let is_good = value.is_object() && is_storable(&value);
                prop_assert!(!is_good || why == InvalidTags::TooDeep, "{why:?} {text}");
            }
        }
    }

    #[test]
    fn tags_say_the_same_however_they_are_laid_out(object in object()) {
        let value = Value::Object(object);
        let (tight, wide) = (value.to_string(), serde_json::to_string_pretty(&value).unwrap());
        let escaped: String = tight.chars().map(escape).collect();
        let tags = Tags::parse(&tight).unwrap();
        prop_assert_eq!(&tags, &Tags::parse(&wide).unwrap());
        prop_assert_eq!(&tags, &Tags::parse(&escaped).unwrap());
    }

    #[test]
    fn tags_that_differ_in_a_value_differ(object in object(), other in object()) {
        let tags = |object: &Map<String, Value>| {
            Tags::parse(&Value::Object(object.clone()).to_string()).unwrap()
        };
        prop_assert_eq!(tags(&object) == tags(&other), object == other);
        let mut changed = object.clone();
        changed.insert("a name of its own".to_owned(), Number::from(1).into());
        prop_assert_ne!(tags(&object), tags(&changed));
    }

    #[test]
    fn a_scope_is_any_text_that_keeps_its_rules_and_nothing_is_changed(
        text in prop_oneof![any::<String>(), "\\PC{0,300}", "[a-z \t\u{a0}]{0,12}"],
    ) {
        let is_text = (1..=MAX_TEXT_CHARS).contains(&text.chars().count())
            && !text.contains(char::is_control);
        let has_white_space = text.contains(char::is_whitespace);
        let scope = text.parse::<Scope>();
        prop_assert_eq!(scope.is_ok(), is_text);
        prop_assert!(scope.is_err() || scope.unwrap().as_str() == text);
        let audience = text.parse::<Audience>();
        prop_assert_eq!(audience.is_ok(), is_text && !has_white_space);
        prop_assert!(audience.is_err() || audience.unwrap().as_str() == text);
    }

    #[test]
    fn an_account_reads_as_it_is_written(text in prop_oneof![any::<String>(), "[a-z. ]{0,12}"]) {
        if let Ok(account) = text.parse::<Account>() {
            prop_assert_eq!(account.to_string(), text);
            prop_assert!(!account.label().contains('.'));
            let again = Account::new(account.label(), account.audience().clone());
            prop_assert_eq!(again.unwrap(), account);
        }
    }
}

/// The same character in JSON, written with an escape where it is no sign of JSON's own.
fn escape(character: char) -> String {
    if character.is_ascii() {
        return character.to_string();
    }
    let mut escaped = String::new();
    for unit in character.encode_utf16(&mut [0; 2]) {
        write!(escaped, "\\u{unit:04x}").unwrap();
    }
    escaped
}
