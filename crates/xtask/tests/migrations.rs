//! What a migration may say: it runs while instances of the version before serve. See `migrations/README.md`.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::fs;
use std::path::Path;

/// Migrations that take away what no version in use needs any more, having been looked at one by one.
const CONTRACTING: [&str; 0] = [];

/// Words that a statement of a migration may not have, unless it has one of others, too.
const RULES: [(&str, &[&str], &str); 10] = [
    (" DROP COLUMN ", &[], "the version before needs it"),
    ("DROP TABLE ", &[], "the version before needs it"),
    (" RENAME ", &[], "the version before knows the old name"),
    (" SET NOT NULL", &[], "the version before may leave it out"),
    (" NOT NULL", &[" DEFAULT "], "the version before leaves it out"),
    (" TYPE ", &[], "all rows are written anew under a lock"),
    (" ADD CONSTRAINT ", &[" NOT VALID", " USING INDEX "], "all rows are read under a lock"),
    ("CREATE INDEX ", &[" CONCURRENTLY "], "nobody can write meanwhile"),
    ("CREATE UNIQUE INDEX ", &[" CONCURRENTLY "], "nobody can write meanwhile"),
    ("DROP INDEX ", &[" CONCURRENTLY "], "nobody can read until long readers are done"),
];

/// In a file, any other text makes a migration run outside of a transaction, too, by Diesel's default.
const NO_TRANSACTION: &str = "run_in_transaction = false\n";

#[test]
fn every_migration_but_the_first_can_run_next_to_the_service() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let mut migrations: Vec<_> =
        fs::read_dir(folder).unwrap().map(|migration| migration.unwrap().path()).collect();
    migrations.sort();
    let (_first, later) = migrations.split_first().unwrap();
    assert!(!later.is_empty());
    for migration in later {
        let name = migration.file_name().unwrap().to_str().unwrap();
        let up = fs::read_to_string(migration.join("up.sql")).unwrap();
        let metadata = fs::read_to_string(migration.join("metadata.toml")).ok();
        let faults = faults(name, &up, metadata.as_deref());
        assert!(faults.is_empty() || CONTRACTING.contains(&name), "{name}: {faults:?}");
    }
}

#[test]
fn what_would_hold_up_or_break_the_service_is_found() {
    for up in [
        "ALTER TABLE chat DROP COLUMN asked_by;",
        "DROP TABLE chat;",
        "ALTER TABLE chat\n    RENAME COLUMN scope TO key;",
        "ALTER TABLE chat ALTER COLUMN tags SET NOT NULL;",
        "ALTER TABLE chat ADD COLUMN topic text NOT NULL;",
        "alter table chat alter column tags type jsonb;",
        "ALTER TABLE chat ADD CONSTRAINT chat_topic CHECK (topic <> '');",
        "CREATE INDEX chat_topic_idx ON chat (topic);",
        "ALTER TABLE chat ADD COLUMN topic text; -- CONCURRENTLY\nCREATE UNIQUE INDEX x ON chat (y);",
        "DROP INDEX chat_topic_idx;",
    ] {
        assert_eq!(faults("2027-01-01-000000_change_chat", up, None).len(), 1, "{up}");
    }
    let index = "CREATE INDEX CONCURRENTLY chat_topic_idx ON chat (topic);";
    let good = "2027-01-01-000000_create_chat_topic_idx";
    for (name, up, metadata) in [
        ("2027-01-01-000000_create_topic_idx", index.to_owned(), Some(NO_TRANSACTION)),
        (good, index.to_owned(), None),
        (good, index.to_owned(), Some("")),
        (good, format!("{index} ANALYZE chat;"), Some(NO_TRANSACTION)),
    ] {
        assert_eq!(faults(name, &up, metadata).len(), 1, "{name}: {up}");
    }

    assert!(faults(good, index, Some(NO_TRANSACTION)).is_empty());
    let up = "-- RENAME nothing.\nCREATE TABLE topic (topic text NOT NULL);
        ALTER TABLE chat ADD COLUMN topic text NOT NULL DEFAULT '';
        ALTER TABLE chat ADD CONSTRAINT chat_topic CHECK (topic <> '') NOT VALID;";
    assert!(faults("2027-01-01-000000_add_chat_topic", up, None).is_empty());
}

/// What is wrong with a migration, by its files.
fn faults(name: &str, up: &str, metadata: Option<&str>) -> Vec<String> {
    let mut faults = Vec::new();
    let statements = statements(up);
    for statement in statements.iter().filter(|it| !it.starts_with("CREATE TABLE ")) {
        let broken = RULES.iter().find(|(words, unless, _)| {
            statement.contains(words) && !unless.iter().any(|it| statement.contains(it))
        });
        faults.extend(broken.map(|(words, _, why)| format!("{}: {why}", words.trim())));
        let index = statement.split_once("INDEX CONCURRENTLY ").map(|(_, rest)| rest);
        let index = index.filter(|_| statement.starts_with("CREATE"));
        if let Some(index) = index.and_then(|index| index.split(' ').next()) {
            let made = format!("_create_{}", index.to_lowercase());
            if !name.ends_with(&made) {
                faults.push(format!("what is cut off is found again if the name ends in {made}"));
            }
        }
    }
    let is_in_transaction = metadata.is_none();
    if is_in_transaction && statements.iter().any(|it| it.contains(" CONCURRENTLY ")) {
        faults.push("PostgreSQL does nothing concurrently in a transaction".to_owned());
    }
    if metadata.is_some_and(|metadata| metadata != NO_TRANSACTION) {
        faults.push(format!("metadata.toml is for {NO_TRANSACTION:?} alone"));
    }
    if !is_in_transaction && statements.len() != 1 {
        faults.push("several statements in one message are a transaction".to_owned());
    }
    faults
}

/// The statements in capitals, without comments, their words one space apart.
fn statements(up: &str) -> Vec<String> {
    let code = up.lines().filter_map(|line| line.split("--").next());
    let words = code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    let statements = words.split(';').map(|it| it.trim().to_uppercase());
    statements.filter(|it| !it.is_empty()).collect()
}
