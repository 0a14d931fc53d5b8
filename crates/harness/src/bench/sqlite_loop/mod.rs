//! What SQLite can do without the service: the service's statements in a bare loop, with its settings.

mod statement;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{SqliteConnection, sql_query};
use uuid::Uuid;

use statement::{Statement, Value};

use super::chats::{CHAT_ID_PREFIX, FIRST_CHAT};
use crate::deployment::{OUR_AUDIENCE, OUR_TUTOR};
use crate::measure::turn::Sent;
use crate::statistics::percentile;

diesel::table! {
    chat (id) {
        id -> Binary,
        audience -> Text,
        scope -> Text,
        tags -> Nullable<Text>,
        event_room_id -> Nullable<Binary>,
        created_at -> BigInt,
        state -> Text,
        attempt -> BigInt,
        lease_until -> Nullable<BigInt>,
    }
}

const RESERVE: &str = "
    INSERT INTO chat (id, audience, scope, tags, created_at, state, attempt, lease_until, asked_by)
    VALUES (?, ?, ?, ?, ?, 'opening', 1, ?, ?)
    ON CONFLICT DO NOTHING";

const CONFIRM: &str = "
    UPDATE chat SET state = 'ready', event_room_id = ?, lease_until = NULL
    WHERE id = ? AND state = 'opening' AND attempt = 1";

const KEEP_KEY: &str = "
    INSERT INTO idempotency_key (account_label, account_audience, key, request_digest, room_id)
    VALUES ('chats', 'svc.example.org', ?, ?, ?)
    ON CONFLICT DO NOTHING";

const OPEN_ROOM: &str = "
    INSERT INTO room (id, audience, opens_at_s, preserve_history, classroom_id, kind, created_at_us)
    VALUES (?, ?, ?, 1, ?, 'Webinar', ?)";

/// Any moment does.
const NOW_MICROS: i64 = 1_732_281_600_000_000;
/// Until when recovery leaves a chat alone.
const FAR_FUTURE_MICROS: i64 = 4_102_444_800_000_000;

/// What the service's database is set to, and the embedded event service's.
const SYNCED: &str = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
const NOT_SYNCED: &str = "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;";

/// What the service reads of a chat.
type ChatRow =
    (Vec<u8>, String, String, Option<String>, Option<Vec<u8>>, i64, String, i64, Option<i64>);

/// Puts chats into the service's database.
pub(super) fn seed(file: &Path, chats: u32) -> Result<()> {
    let insert = format!(
        "WITH RECURSIVE number(n) AS (
             SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {chats}
         )
         INSERT INTO chat
         SELECT unhex('{}' || ({FIRST_CHAT} + n)), '{OUR_AUDIENCE}', 'lesson-' || n, '{{\"grade\":7}}',
                unhex('10000000000040008000' || ({FIRST_CHAT} + n)), {NOW_MICROS}, 'ready', 1, NULL,
                '{OUR_TUTOR}'
         FROM number",
        CHAT_ID_PREFIX.replace('-', "")
    );
    let mut connection = open(file, SYNCED)?;
    ensure!(sql_query(insert).execute(&mut connection)? == chats as usize, "chats are missing");
    connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize")?;
    Ok(())
}

/// Reads chats by their identifiers, one after the other.
pub(super) fn reads(file: &Path, ids: &[String], length: Duration) -> Result<Sent> {
    let ids: Result<Vec<Uuid>, _> = ids.iter().map(|id| id.parse()).collect();
    let ids = ids?;
    let mut connection = open(file, SYNCED)?;
    repeat(length, |number| {
        let id = ids[number % ids.len()].as_bytes().as_slice();
        let columns = (
            chat::id,
            chat::audience,
            chat::scope,
            chat::tags,
            chat::event_room_id,
            chat::created_at,
            chat::state,
            chat::attempt,
            chat::lease_until,
        );
        let rows: Vec<ChatRow> =
            chat::table.filter(chat::id.eq(id)).select(columns).load(&mut connection)?;
        ensure!(rows.len() == 1, "a chat is missing");
        Ok(())
    })
}

/// Makes chats as the service does: reserved in one transaction, confirmed in the next.
pub(super) fn creates(file: &Path, length: Duration) -> Result<Sent> {
    let mut connection = open(file, SYNCED)?;
    repeat(length, |_| {
        let (id, room) = (Uuid::new_v4(), Uuid::new_v4());
        let scope = id.to_string();
        let reservation = [
            Value::Bytes(id.as_bytes()),
            Value::Text(OUR_AUDIENCE),
            Value::Text(&scope),
            Value::Text(r#"{"grade":7}"#),
            Value::Integer(NOW_MICROS),
            Value::Integer(FAR_FUTURE_MICROS),
            Value::Text(OUR_TUTOR),
        ];
        let confirmation = [Value::Bytes(room.as_bytes()), Value::Bytes(id.as_bytes())];
        let reserved = Statement { sql: RESERVE, values: &reservation }.execute(&mut connection)?;
        let confirmed =
            Statement { sql: CONFIRM, values: &confirmation }.execute(&mut connection)?;
        ensure!((reserved, confirmed) == (1, 1), "a chat was not made");
        Ok(())
    })
}

/// Opens rooms as the embedded event service does: with their keys, in one transaction.
pub(super) fn rooms(file: &Path, length: Duration) -> Result<Sent> {
    let mut connection = open(file, NOT_SYNCED)?;
    repeat(length, |_| {
        let (id, classroom) = (Uuid::new_v4(), Uuid::new_v4());
        let name = classroom.to_string();
        let key = [Value::Text(&name), Value::Bytes(&[7; 32]), Value::Bytes(id.as_bytes())];
        let room = [
            Value::Bytes(id.as_bytes()),
            Value::Text(OUR_AUDIENCE),
            Value::Integer(NOW_MICROS / 1_000_000),
            Value::Bytes(classroom.as_bytes()),
            Value::Integer(NOW_MICROS),
        ];
        connection.immediate_transaction(|connection| {
            Statement { sql: KEEP_KEY, values: &key }.execute(connection)?;
            Statement { sql: OPEN_ROOM, values: &room }.execute(connection)
        })?;
        Ok(())
    })
}

fn repeat(length: Duration, mut work: impl FnMut(usize) -> Result<()>) -> Result<Sent> {
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < length {
        let before = Instant::now();
        work(times.len())?;
        times.push(before.elapsed());
    }
    let requests = u32::try_from(times.len())?;
    Ok(Sent {
        requests: requests.into(),
        per_second: f64::from(requests) / start.elapsed().as_secs_f64(),
        p50: Some(percentile(&times, 50)),
        p99: Some(percentile(&times, 99)),
    })
}

fn open(file: &Path, settings: &str) -> Result<SqliteConnection> {
    let mut connection = SqliteConnection::establish(&file.to_string_lossy())?;
    connection.batch_execute("PRAGMA busy_timeout = 5000")?;
    connection.batch_execute(settings)?;
    Ok(connection)
}
