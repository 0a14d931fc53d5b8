//! The tables, as `migrations` makes them.

diesel::table! {
    room (seq) {
        seq -> BigInt,
        id -> Binary,
        audience -> Text,
        opens_at_s -> BigInt,
        closes_at_s -> Nullable<BigInt>,
        tags -> Nullable<Text>,
        preserve_history -> Bool,
        classroom_id -> Binary,
        kind -> Text,
        created_at_us -> BigInt,
    }
}

diesel::table! {
    idempotency_key (account_label, account_audience, key) {
        account_label -> Text,
        account_audience -> Text,
        key -> Text,
        request_digest -> Binary,
        room_id -> Binary,
    }
}

diesel::table! {
    event (seq) {
        seq -> BigInt,
        id -> Binary,
        room_id -> Binary,
        kind -> Text,
        set_name -> Text,
        label -> Nullable<Text>,
        attribute -> Nullable<Text>,
        data -> Text,
        removed -> Bool,
        occurred_at_ns -> BigInt,
        created_by -> Text,
        created_at_us -> BigInt,
    }
}
