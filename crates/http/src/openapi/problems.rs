//! What problems look like: each kind with what it means, and each status with the kinds that share it.

use serde_json::Value;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Response, Schema};

use super::{examples, headers, schemas};
use crate::problem::{Kind, problem_object};

/// The name of a response with one of these kinds.
pub(super) fn response_name(kinds: &[Kind], has_body: bool) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| format!("{kind:?}")).collect();
    let ending = if has_body { "" } else { "WithoutBody" };
    names.join("Or") + ending
}

/// The response with one of these kinds, which share a status.
pub(super) fn response(kinds: &[Kind], has_body: bool) -> Response {
    let mut response = ResponseBuilder::new().description(description(kinds));
    for header in headers_of(kinds) {
        response = response.header_ref(header.name, header.reference());
    }
    if !has_body {
        return response.build();
    }
    let examples = kinds.iter().map(|&kind| {
        let example = ExampleBuilder::new().summary(kind.row().title).value(Some(example(kind)));
        (kind.row().name, example.build())
    });
    let content =
        ContentBuilder::new().schema(Some(one_of(kinds))).examples_from_iter(examples).build();
    response.content("application/problem+json", content).build()
}

/// The schema of all problems.
pub(super) fn schema() -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let names = Kind::ALL.iter().map(|kind| kind.row().name);
    let mut statuses: Vec<u16> = Kind::ALL.iter().map(|kind| kind.row().status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let members: [(_, RefOr<Schema>); 7] = [
        ("type", text().enum_values(Some(names)).description(Some("What went wrong.")).into()),
        ("title", text().description(Some("The type, for people.")).into()),
        ("status", number(&statuses).description(Some("The status of the answer.")).into()),
        ("detail", text().description(Some("What went wrong this time, for people.")).into()),
        (
            "is_transient",
            ObjectBuilder::new()
                .schema_type(Type::Boolean)
                .description(Some("Whether the same request may succeed later."))
                .into(),
        ),
        ("request_id", headers::request_id().description(Some("As in `X-Request-Id`.")).into()),
        (
            "chat_id",
            text()
                .format(Some(SchemaFormat::Custom("uuid".to_owned())))
                .description(Some("The chat that is there, if the type is `chat_already_exists`."))
                .into(),
        ),
    ];
    let mut schema = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("What went wrong, in the form of RFC 9457. More members may come."));
    for (name, member) in members {
        schema = schema.property(name, member);
        if name != "chat_id" {
            schema = schema.required(name);
        }
    }
    schema.examples([example(Kind::ChatNotFound)])
}

/// A problem of one of these kinds.
fn one_of(kinds: &[Kind]) -> AllOfBuilder {
    let names = kinds.iter().map(|kind| kind.row().name);
    let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    let this = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("type", kind)
        .property("status", number(&[kinds[0].row().status]));
    AllOfBuilder::new().item(Ref::from_schema_name(schemas::PROBLEM)).item(this)
}

fn number(values: &[u16]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(values.iter().copied()))
}

fn description(kinds: &[Kind]) -> String {
    if let [kind] = kinds {
        return meaning(*kind).0.to_owned();
    }
    let line = |kind: &Kind| format!("- `{}`: {}", kind.row().name, meaning(*kind).0);
    kinds.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn headers_of(kinds: &[Kind]) -> Vec<headers::Field> {
    let any = |is: fn(Kind) -> bool| kinds.iter().copied().any(is);
    let mut fields = vec![headers::X_REQUEST_ID];
    if any(|kind| kind.row().is_transient) {
        fields.push(headers::RETRY_AFTER);
    }
    if any(|kind| kind == Kind::AuthenticationFailed) {
        fields.push(headers::WWW_AUTHENTICATE);
    }
    if any(|kind| kind == Kind::MethodNotAllowed) {
        fields.push(headers::ALLOW);
    }
    if any(|kind| kind == Kind::ChatAlreadyExists) {
        fields.push(headers::LOCATION_OF_EXISTING);
    }
    if any(is_counted) {
        fields.extend(headers::LIMITS);
    }
    fields
}

/// Whether the request came as far as to be counted by the limits.
fn is_counted(kind: Kind) -> bool {
    !matches!(kind, Kind::AuthenticationFailed | Kind::RouteNotFound | Kind::MethodNotAllowed)
}

fn example(kind: Kind) -> Value {
    let chat = (kind == Kind::ChatAlreadyExists).then_some(examples::CHAT_ID);
    let object = problem_object(kind, meaning(kind).1, examples::REQUEST_ID, chat);
    examples::to_value(&object)
}

/// What a kind means, and a detail such as it comes with.
#[rustfmt::skip]
fn meaning(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::InvalidPayload => (
            "The body breaks a rule; the detail says which.",
            "In the body, 'scope' is missing.",
        ),
        Kind::InvalidParameter => (
            "A value of the path breaks a rule; the detail says which.",
            "In the path, 'chat_id' is not a UUID.",
        ),
        Kind::AuthenticationFailed => (
            "There is no token, or one that does not count.",
            "The request has no bearer token.",
        ),
        Kind::AccessDenied => (
            "The audience's policy says no, or the audience has none.",
            "The account may not do this in the audience.",
        ),
        Kind::ChatNotFound => (
            "There is no such chat.",
            "No chat has the scope 'lesson-43' in the audience 'demo.example.org'.",
        ),
        Kind::RouteNotFound => (
            "A value of the path is empty, or a dot or two, which clients take for directions.",
            "Nothing is served on this path.",
        ),
        Kind::MethodNotAllowed => (
            "The path is another one, that answers to other methods: `convert` is no chat.",
            "This path answers to POST alone.",
        ),
        Kind::ChatAlreadyExists => (
            "The audience has a chat of this scope already, and it says something else. Nothing was changed.",
            "The audience has a chat of this scope already, and it says something else.",
        ),
        Kind::EventRoomTaken => (
            "The room carries another chat.",
            "The event room carries another chat already.",
        ),
        Kind::PayloadTooLarge => (
            "The body is too long.",
            "The body is longer than 64 KiB.",
        ),
        Kind::UnsupportedMediaType => (
            "The body's `Content-Type` is not `application/json`, or it has a `Content-Encoding`.",
            "The body's Content-Type is not application/json.",
        ),
        Kind::EventRoomNotFound => (
            "The audience has no such room.",
            "The audience has no such event room.",
        ),
        Kind::RateLimited => (
            "The account, or its audience, has made too many requests; the detail says which.",
            "The account has made too many requests.",
        ),
        Kind::InternalFailure => (
            "The service failed. Its log has the reason, under the request's id.",
            "The service failed. The request id leads to the reason.",
        ),
        Kind::EventServiceRejected => (
            "The event service refused the room. Nothing was left behind.",
            "The event service refused the room.",
        ),
        Kind::EventServiceUnavailable => (
            "The event service could not be reached, or did not tell, or another request is still opening \
             the chat. Repeat the request: it leads to one chat.",
            "The event service did not open the room. Repeat the request: it leads to one chat.",
        ),
        Kind::DatabaseUnavailable => (
            "The database did not answer, or has too much to do.",
            "The database did not answer, or has too much to do.",
        ),
        Kind::AuthorizationUnavailable => (
            "The audience's policy could not be asked, or the keys of the token's issuer are not at hand.",
            "The audience could not be asked whether the account may do this.",
        ),
    }
}
