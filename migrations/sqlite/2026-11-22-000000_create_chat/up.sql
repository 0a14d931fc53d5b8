-- STRICT: a column holds what its type says, as in PostgreSQL.
CREATE TABLE chat (
    -- A UUID as its sixteen bytes.
    id            BLOB    NOT NULL,

    -- The tenant's key. BINARY compares bytes, as COLLATE "C" does in PostgreSQL.
    audience      TEXT    NOT NULL COLLATE BINARY,
    scope         TEXT    NOT NULL COLLATE BINARY,

    -- JSON as it was written, so that every digit of every number is kept.
    tags          TEXT,

    -- The room that the chat stands on, or is to stand on; NULL while a new one is being opened.
    event_room_id BLOB,

    -- Times are in microseconds since the Unix epoch.
    created_at    INTEGER NOT NULL,
    state         TEXT    NOT NULL,

    -- The number of the attempt to open the chat, which fences off the attempts before it, and until
    -- when it has the chat for itself.
    attempt       INTEGER NOT NULL,
    lease_until   INTEGER,

    -- The account that asked, for operators.
    asked_by      TEXT    NOT NULL,

    CONSTRAINT chat_pkey PRIMARY KEY (id),
    CONSTRAINT chat_state_is_known CHECK (state IN ('opening', 'ready')),
    CONSTRAINT chat_ready_has_room CHECK (state <> 'ready' OR event_room_id IS NOT NULL),
    CONSTRAINT chat_opening_has_lease CHECK ((state = 'opening') = (lease_until IS NOT NULL)),

    -- These two alone decide who gets a key or a room. NULLs do not conflict.
    CONSTRAINT chat_audience_scope_key UNIQUE (audience, scope),
    CONSTRAINT chat_event_room_id_key UNIQUE (event_room_id)
) STRICT;

-- Finds the chats whose lease has run out. Ready chats, which are nearly all, are not in it.
CREATE INDEX chat_opening_lease_until_idx ON chat (lease_until) WHERE state = 'opening';
