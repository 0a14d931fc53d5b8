//! What requests say outside their bodies.

use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, Required};

use super::{examples, schemas};

pub(crate) const IF_NONE_MATCH: &str = "If-None-Match";

/// The headers that every request may have.
pub(super) const ALWAYS: &[&str] = &["X-Request-Id", "traceparent"];

pub(crate) fn chat_id() -> Parameter {
    in_path("chat_id", schemas::CHAT_ID, "The chat's identifier.", examples::CHAT_ID.to_string())
}

pub(crate) fn audience() -> Parameter {
    let what = "The tenant's name space, in percent-encoded UTF-8.";
    in_path("audience", schemas::AUDIENCE, what, examples::AUDIENCE)
}

pub(crate) fn scope() -> Parameter {
    let what =
        "The tenant's own key for the chat, in percent-encoded UTF-8: `a/b c` is `a%2Fb%20c`.";
    in_path("scope", schemas::SCOPE, what, examples::SCOPE)
}

/// A value of the path, which has the schema of this name.
fn in_path(
    name: &'static str,
    schema: &'static str,
    what: &'static str,
    example: impl Into<Value>,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(what))
        .schema(Some(Ref::from_schema_name(schema)))
        .example(Some(example.into()))
        .build()
}

/// The headers of requests, by name. They have no examples of their own: pages to try the API from would
/// send these with every request.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Parameter)> {
    let headers = [
        (
            IF_NONE_MATCH,
            format!(
                "The tags of what the client has already, such as `{}`. If the chat is still one of these, the \
                 answer is `304`.",
                examples::etag()
            ),
        ),
        (
            "X-Request-Id",
            format!(
                "Taken over into the answer and the log, if it is 1 to 128 characters of \
                 `A-Z a-z 0-9 - _ . : + / =`, such as `{}`; else the answer has a new one.",
                examples::REQUEST_ID
            ),
        ),
        (
            "traceparent",
            format!(
                "The trace that the request belongs to (W3C Trace Context), such as `{}`. What is none is \
                 passed over.",
                examples::TRACEPARENT
            ),
        ),
    ];
    headers.into_iter().map(|(name, what)| {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(what))
            // Anything is taken, so there is no rule here.
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        (name, parameter.build())
    })
}

pub(super) fn reference(name: &str) -> Ref {
    Ref::new(format!("#/components/parameters/{name}"))
}
