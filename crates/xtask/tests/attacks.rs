//! The table of attacks names tests that are there, and run.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The macro that stamps each of its functions as a test for both databases.
const STAMP: [&str; 3] = ["on_both_databases", "!", "{"];

#[test]
fn every_attack_has_its_test() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let (_, rest) = page.split_once("\n## Attacks\n").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 40, "the table is gone: {rows:?}");
    let tests = black_box_tests();
    for row in rows {
        let test = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let test = test.strip_prefix('`').and_then(|test| test.strip_suffix('`'));
        let (module, name) = test.and_then(|it| it.split_once("::")).unwrap_or_else(|| {
            panic!("this row names no test: {row}");
        });
        let is_there = tests.get(module).is_some_and(|of_module| of_module.contains(name));
        assert!(is_there, "there is no test {module}::{name}");
    }
}

#[test]
fn a_test_is_a_function_that_is_marked_as_one_and_runs() {
    let source = r##"
        // #[test]
        // fn in_a_comment() {}
        /* #[test] /* fn nested() {} */ #[test] fn in_a_block() {} */
        const TEXT: &str = "#[test] fn in_a_text() {} \" #[test] fn still_in_it() {}";
        const RAW: &str = r#"" #[test] fn in_a_raw_text() {}"#;
        const QUOTES: [char; 2] = ['"', '\''];
        #[derive(Debug)]
        struct Marked<'a>(&'a str);
        fn helper() {}
        #[test]
        const AFTER_SOMETHING_ELSE: u8 = 0;
        fn not_marked() {}
        #[test]
        #[ignore = "slow"]
        fn ignored() {}
        #[cfg(any())]
        #[test]
        fn never_built() {}
        #[tokio::main]
        async fn of_another_attribute() {}

        #[test]
        fn plain() { fn inside() {} }
        /// With words.
        #[tokio::test(flavor = "multi_thread")]
        #[expect(clippy::unwrap_used, reason = "a test")]
        async fn of_tokio() {}
        #[actix_web::test]
        pub(crate) async fn of_actix() {}
        on_both_databases! {
            /// With words.
            async fn stamped(deployment) { async fn helper_of_it() {} }
            async fn stamped_too(deployment) {}
        }
        async fn behind_the_stamp() {}
    "##;
    let expected = ["plain", "of_tokio", "of_actix", "stamped", "stamped_too"];
    assert_eq!(tests_in(source), expected.map(str::to_owned).into());
}

/// The tests through the real socket, by their modules.
fn black_box_tests() -> BTreeMap<String, BTreeSet<String>> {
    let directory = root().join("crates/chats/tests/black_box");
    let main = words(&fs::read_to_string(directory.join("main.rs")).unwrap());
    let modules = main.windows(3).filter(|it| it[0] == "mod" && it[2] == ";").map(|it| &it[1]);
    modules
        .filter_map(|module| {
            let source = fs::read_to_string(directory.join(format!("{module}.rs"))).ok()?;
            Some((module.clone(), tests_in(&source)))
        })
        .collect()
}

/// The names of the functions in a file that are run as tests.
fn tests_in(source: &str) -> BTreeSet<String> {
    let words = words(source);
    let mut tests = BTreeSet::new();
    let mut attributes: Vec<String> = Vec::new();
    let (mut depth, mut stamped_at) = (0, None);
    let mut at = 0;
    while at < words.len() {
        match words[at].as_str() {
            "#" if words.get(at + 1).is_some_and(|it| it == "[") => {
                let end = end_of_brackets(&words, at + 1);
                attributes.push(words[at + 2..end].concat());
                at = end;
            }
            "fn" => {
                if is_run(&attributes) || stamped_at == Some(depth) {
                    tests.insert(words[at + 1].clone());
                }
                attributes.clear();
            }
            "{" => {
                depth += 1;
                if at >= 2 && words[at - 2..=at] == STAMP {
                    stamped_at = Some(depth);
                }
                attributes.clear();
            }
            "}" => {
                if stamped_at == Some(depth) {
                    stamped_at = None;
                }
                depth -= 1;
                attributes.clear();
            }
            ";" => attributes.clear(),
            _ => {}
        }
        at += 1;
    }
    tests
}

fn is_run(attributes: &[String]) -> bool {
    let has = |name: &str| {
        attributes.iter().any(|it| it.split(['(', '=']).next().is_some_and(|it| it == name))
    };
    let is_test = has("test") || has("tokio::test") || has("actix_web::test");
    is_test && !has("ignore") && !has("cfg")
}

fn end_of_brackets(words: &[String], begin: usize) -> usize {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate().skip(begin) {
        match word.as_str() {
            "[" => depth += 1,
            "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    words.len()
}

/// The names and signs of a source, without its comments and texts.
fn words(source: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let is_of_a_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            length_of_comment(rest)
        } else if let Some(length) = length_of_text(rest) {
            length
        } else if is_of_a_name(first) {
            let length = rest.find(|c| !is_of_a_name(c)).unwrap_or(rest.len());
            words.push(rest[..length].to_owned());
            length
        } else {
            if !first.is_whitespace() {
                words.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    words
}

/// Comments may stand in comments.
fn length_of_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let (change, length) = match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (1, 2),
            [b'*', b'/', ..] => (-1, 2),
            _ => (0, 1),
        };
        depth += change;
        at += length;
        if depth == 0 {
            break;
        }
    }
    at
}

/// How long a text is, raw or not, or a character, if one begins here. A lifetime is none.
fn length_of_text(rest: &str) -> Option<usize> {
    let behind = rest.trim_start_matches('b');
    if let Some(raw) = behind.strip_prefix('r') {
        let quote = raw.trim_start_matches('#');
        if let Some(text) = quote.strip_prefix('"') {
            let hashes = raw.len() - quote.len();
            let end = format!("\"{}", "#".repeat(hashes));
            let length = text.find(&end).map_or(text.len(), |at| at + end.len());
            return Some(rest.len() - text.len() + length);
        }
    }
    let quote = behind.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    let text = &behind[1..];
    let is_character = text.starts_with('\\') || text.chars().nth(1) == Some('\'');
    if quote == '\'' && !is_character {
        return None;
    }
    let mut is_escaped = false;
    let end = text.char_indices().find(|(_, c)| {
        let is_end = *c == quote && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    let length = end.map_or(behind.len(), |(at, _)| at + 2);
    Some(rest.len() - behind.len() + length)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
