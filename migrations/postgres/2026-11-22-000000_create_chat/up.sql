CREATE TABLE chat (
    id            uuid             NOT NULL,

    -- The tenant's key. COLLATE "C" compares bytes, as SQLite does, so that no locale and no upgrade
    -- of the operating system's collations decides which keys are the same.
    audience      text COLLATE "C" NOT NULL,
    scope         text COLLATE "C" NOT NULL,

    -- json and not jsonb: it keeps the text, and so every digit of every number, as it was written,
    -- and operators can still query into it.
    tags          json,

    -- The room that the chat stands on, or is to stand on; NULL while a new one is being opened.
    event_room_id uuid,

    created_at    timestamptz      NOT NULL,
    state         text             NOT NULL,

    -- The number of the attempt to open the chat, which fences off the attempts before it, and until
    -- when it has the chat for itself.
    attempt       bigint           NOT NULL,
    lease_until   timestamptz,

    -- The account that asked, for operators.
    asked_by      text             NOT NULL,

    CONSTRAINT chat_pkey PRIMARY KEY (id),
    CONSTRAINT chat_state_is_known CHECK (state IN ('opening', 'ready')),
    CONSTRAINT chat_ready_has_room CHECK (state <> 'ready' OR event_room_id IS NOT NULL),
    CONSTRAINT chat_opening_has_lease CHECK ((state = 'opening') = (lease_until IS NOT NULL)),

    -- These two alone decide who gets a key or a room. NULLs do not conflict.
    CONSTRAINT chat_audience_scope_key UNIQUE (audience, scope),
    CONSTRAINT chat_event_room_id_key UNIQUE (event_room_id)
);

-- Finds the chats whose lease has run out. Ready chats, which are nearly all, are not in it.
CREATE INDEX chat_opening_lease_until_idx ON chat (lease_until) WHERE state = 'opening';
