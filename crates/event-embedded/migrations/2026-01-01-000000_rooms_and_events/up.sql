-- Identifiers are the sixteen bytes of a UUID; times are named with their units, counted from the Unix epoch.

CREATE TABLE room (
    seq              INTEGER PRIMARY KEY,
    id               BLOB    NOT NULL UNIQUE,
    audience         TEXT    NOT NULL,
    opens_at_s       INTEGER NOT NULL,
    closes_at_s      INTEGER,
    tags             TEXT,
    preserve_history INTEGER NOT NULL,
    classroom_id     BLOB    NOT NULL,
    kind             TEXT    NOT NULL,
    created_at_us    INTEGER NOT NULL
) STRICT;

-- The room that a key of an account led to. The primary key decides between repeats that come at once,
-- so the key is there before its room, in the same transaction. A foreign key, deferred, would have
-- every new room searched for among all keys.
CREATE TABLE idempotency_key (
    account_label    TEXT NOT NULL,
    account_audience TEXT NOT NULL,
    key              TEXT NOT NULL,
    request_digest   BLOB NOT NULL,
    room_id          BLOB NOT NULL,
    PRIMARY KEY (account_label, account_audience, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    seq            INTEGER PRIMARY KEY,
    id             BLOB    NOT NULL UNIQUE,
    room_id        BLOB    NOT NULL REFERENCES room (id),
    kind           TEXT    NOT NULL,
    set_name       TEXT    NOT NULL,
    label          TEXT,
    attribute      TEXT,
    data           TEXT    NOT NULL,
    removed        INTEGER NOT NULL,
    occurred_at_ns INTEGER NOT NULL, -- since the opening of the room
    created_by     TEXT    NOT NULL,
    created_at_us  INTEGER NOT NULL
) STRICT;

CREATE INDEX event_by_room ON event (room_id, occurred_at_ns);
