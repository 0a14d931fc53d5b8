//! The fields of answers.

use serde_json::Value;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, Ref};

use super::examples;

/// A field of answers.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    component: &'static str,
    /// Whether it is in every answer that names it.
    is_always_there: bool,
    describe: fn() -> (&'static str, ObjectBuilder, Value),
}

pub(super) const X_REQUEST_ID: Field = Field {
    name: "X-Request-Id",
    component: "X-Request-Id",
    is_always_there: true,
    describe: || {
        let what =
            "Leads from the answer to the log: the request's own id, if that was a sane one.";
        (what, request_id(), examples::REQUEST_ID.into())
    },
};

pub(super) const LOCATION: Field = Field {
    name: "Location",
    component: "Location",
    is_always_there: true,
    describe: || ("Where the chat is read.", text(), examples::location().into()),
};

pub(super) const LOCATION_OF_EXISTING: Field = Field {
    name: "Location",
    component: "Location-Of-Existing",
    is_always_there: false,
    describe: || {
        let what = "Where the chat is read that has the key, if the type is `chat_already_exists`.";
        (what, text(), examples::location().into())
    },
};

pub(super) const ETAG: Field = Field {
    name: "ETag",
    component: "ETag",
    is_always_there: true,
    describe: || {
        let schema = text().pattern(Some(r#"^"[0-9a-f]{32}"$"#));
        ("A strong tag of the body, for `If-None-Match`.", schema, examples::etag().into())
    },
};

pub(super) const CACHE_CONTROL: Field = Field {
    name: "Cache-Control",
    component: "Cache-Control",
    is_always_there: true,
    describe: || {
        let what = "Whoever asked may keep it, and has to ask each time whether it still holds.";
        (what, text(), "private, no-cache".into())
    },
};

pub(super) const RETRY_AFTER: Field = Field {
    name: "Retry-After",
    component: "Retry-After",
    is_always_there: true,
    describe: || {
        let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        ("After how many seconds to try again.", schema, 1.into())
    },
};

pub(super) const WWW_AUTHENTICATE: Field = Field {
    name: "WWW-Authenticate",
    component: "WWW-Authenticate",
    is_always_there: true,
    describe: || {
        let what = "How to say who calls (RFC 6750); with an `error`, if a token came.";
        (what, text().pattern(Some("^Bearer ")), r#"Bearer realm="chats""#.into())
    },
};

pub(super) const ALLOW: Field = Field {
    name: "Allow",
    component: "Allow",
    is_always_there: true,
    describe: || ("The methods that the path answers to.", text(), "POST".into()),
};

/// Only where an operator has set limits.
pub(super) const LIMITS: [Field; 2] = [
    Field {
        name: "RateLimit",
        component: "RateLimit",
        is_always_there: false,
        describe: || {
            let what =
                "Of each limit, how many requests are left (`r`), and for how many seconds (`t`).";
            (what, text(), r#""account";r=50;t=1, "audience";r=999;t=10"#.into())
        },
    },
    Field {
        name: "RateLimit-Policy",
        component: "RateLimit-Policy",
        is_always_there: false,
        describe: || {
            let what =
                "The limits, if there are any: so many requests (`q`) in so many seconds (`w`).";
            (what, text(), r#""account";q=100;w=2, "audience";q=1000;w=10"#.into())
        },
    },
];

const ALL: [Field; 8] = [
    X_REQUEST_ID,
    LOCATION,
    LOCATION_OF_EXISTING,
    ETAG,
    CACHE_CONTROL,
    RETRY_AFTER,
    WWW_AUTHENTICATE,
    ALLOW,
];

impl Field {
    /// What an answer says of it.
    pub(super) fn reference(self) -> Ref {
        Ref::new(format!("#/components/headers/{}", self.component))
    }

    fn header(self) -> Header {
        let (what, schema, example) = (self.describe)();
        let header = HeaderBuilder::new()
            .description(Some(what))
            .schema(Some(schema))
            .example(Some(example));
        // The builder does not know this member of the Header Object.
        let required = self.is_always_there.then(|| Extensions::from_iter([("required", true)]));
        header.extensions(required).build()
    }
}

/// All of them, by the names that they have as components.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Header)> {
    ALL.into_iter().chain(LIMITS).map(|field| (field.component, field.header()))
}

/// What a request id is made of.
pub(super) fn request_id() -> ObjectBuilder {
    text().min_length(Some(1)).max_length(Some(128)).pattern(Some("^[-A-Za-z0-9_.:+/=]+$"))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
