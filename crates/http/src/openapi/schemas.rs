//! The rules of what requests and answers are made of, by the limits of the domain.

use chats_domain::values::{MAX_TEXT_CHARS, Tags};
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, Object, ObjectBuilder, RefBuilder, SchemaFormat, Type,
};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Required, Schema};

use super::{examples, problems};
use crate::request::MAX_BODY_BYTES;

pub(super) const AUDIENCE: &str = "Audience";
pub(super) const SCOPE: &str = "Scope";
pub(super) const CHAT_ID: &str = "ChatId";
const EVENT_ROOM_ID: &str = "EventRoomId";
const TAGS: &str = "Tags";
const TAG_VALUE: &str = "TagValue";
pub(super) const CHAT: &str = "Chat";
pub(super) const PROBLEM: &str = "Problem";
/// What a request to create a chat says.
pub(crate) const CREATE_CHAT: &str = "CreateChat";
/// What a request to convert a room says.
pub(crate) const CONVERT_CHAT: &str = "ConvertChat";

/// No control characters.
const SCOPE_PATTERN: &str = r"^[^\u0000-\u001F\u007F-\u009F]+$";

/// No control characters, and no white space.
const AUDIENCE_PATTERN: &str =
    r"^[^\u0000-\u0020\u007F-\u00A0\u1680\u2000-\u200A\u2028-\u2029\u202F\u205F\u3000]+$";

/// What `PostgreSQL` can store.
const NO_NUL_PATTERN: &str = r"^[^\u0000]*$";

/// All schemas, by name.
pub(super) fn all() -> [(&'static str, RefOr<Schema>); 10] {
    [
        (CHAT, chat().into()),
        (CREATE_CHAT, create_chat().into()),
        (CONVERT_CHAT, convert_chat().into()),
        (PROBLEM, problems::schema().into()),
        (AUDIENCE, audience().into()),
        (SCOPE, scope().into()),
        (CHAT_ID, uuid("The chat's identifier, a UUID of version 7.", examples::CHAT_ID).into()),
        (EVENT_ROOM_ID, uuid("An event room's identifier.", examples::EVENT_ROOM_ID).into()),
        (TAGS, tags().into()),
        (TAG_VALUE, tag_value().into()),
    ]
}

/// A JSON body, with the schema of this name.
pub(crate) fn body(schema: &'static str) -> RequestBody {
    let mut chat = json!({ "audience": examples::AUDIENCE, "scope": examples::SCOPE });
    if schema == CONVERT_CHAT {
        chat["event_room_id"] = examples::EVENT_ROOM_ID.to_string().into();
    }
    let mut tagged = chat.clone();
    tagged["tags"] = examples::tags();
    let example = |what, chat| ExampleBuilder::new().summary(what).value(Some(chat)).build();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(schema)))
        .examples_from_iter([
            ("with_tags", example("A chat with tags", tagged)),
            ("without_tags", example("A chat without tags", chat)),
        ])
        .build();
    let rules = format!(
        "At most {} KiB, and no `Content-Encoding`. A member that is not known is passed over; one that \
         appears twice is an error.",
        MAX_BODY_BYTES / 1024
    );
    RequestBodyBuilder::new()
        .description(Some(rules))
        .content("application/json", content)
        .required(Some(Required::True))
        .build()
}

fn chat() -> ObjectBuilder {
    let real_time = object()
        .description(Some("Left out while the event room is not open yet."))
        .property("event_room_id", Ref::from_schema_name(EVENT_ROOM_ID))
        .required("event_room_id");
    let created_at = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .description(Some("In whole seconds since the Unix epoch."));
    object()
        .description(Some("A chat, the same in all routes. More members may come."))
        .property("id", referred(SCOPE, "The scope, which `scope` repeats."))
        .property("chat_id", Ref::from_schema_name(CHAT_ID))
        .property("audience", Ref::from_schema_name(AUDIENCE))
        .property("scope", Ref::from_schema_name(SCOPE))
        .property("tags", referred(TAGS, "As they were given. Left out if none were."))
        .property("created_at", created_at)
        .property("real_time", real_time)
        .required("id")
        .required("chat_id")
        .required("audience")
        .required("scope")
        .required("created_at")
        .examples([examples::chat()])
}

fn create_chat() -> ObjectBuilder {
    object()
        .description(Some("The chat to be."))
        .property("audience", Ref::from_schema_name(AUDIENCE))
        .property("scope", Ref::from_schema_name(SCOPE))
        .property("tags", Ref::from_schema_name(TAGS))
        .required("audience")
        .required("scope")
}

fn convert_chat() -> ObjectBuilder {
    create_chat()
        .description(Some("The chat to be, and the room that it is to stand on."))
        .property("event_room_id", referred(EVENT_ROOM_ID, "A room of the same audience."))
        .required("event_room_id")
}

fn audience() -> ObjectBuilder {
    text("A tenant's name space, shaped like a domain name.", examples::AUDIENCE)
        .min_length(Some(1))
        .max_length(Some(MAX_TEXT_CHARS))
        .pattern(Some(AUDIENCE_PATTERN))
}

fn scope() -> ObjectBuilder {
    text("The tenant's own key for the chat, unique within the audience.", examples::SCOPE)
        .min_length(Some(1))
        .max_length(Some(MAX_TEXT_CHARS))
        .pattern(Some(SCOPE_PATTERN))
}

fn uuid(what: &str, example: uuid::Uuid) -> ObjectBuilder {
    text(what, example.to_string()).format(Some(SchemaFormat::Custom("uuid".to_owned())))
}

fn tags() -> ObjectBuilder {
    let what = format!(
        "Arbitrary tags, kept as they were written: at most {} KiB, and {} levels deep, of which the object \
         itself is the first. No name appears twice in one object.",
        Tags::MAX_BYTES / 1024,
        Tags::MAX_LEVELS,
    );
    nested().description(Some(what)).examples([examples::tags()])
}

/// What stands in tags: any JSON but for U+0000.
fn tag_value() -> AnyOfBuilder {
    let plain = |of| ObjectBuilder::new().schema_type(of);
    AnyOfBuilder::new()
        .description(Some("Any JSON, in which no name and no string has U+0000."))
        .item(plain(Type::Null))
        .item(plain(Type::Boolean))
        .item(plain(Type::Number))
        .item(without_nul())
        .item(ArrayBuilder::new().items(Ref::from_schema_name(TAG_VALUE)))
        .item(nested())
}

fn nested() -> ObjectBuilder {
    let names: Object = without_nul().build();
    object()
        .property_names(Some(names))
        .additional_properties(Some(Ref::from_schema_name(TAG_VALUE)))
}

fn without_nul() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(NO_NUL_PATTERN))
}

fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

fn text(what: &str, example: impl Into<Value>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(what))
        .examples([example.into()])
}

fn referred(schema: &str, what: &str) -> RefOr<Schema> {
    RefBuilder::new().ref_location_from_schema_name(schema).description(Some(what)).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use chats_domain::values::{Audience, Scope};

    use super::*;
    use crate::problem::{Kind, problem_object};

    /// What a pattern has to say if just these characters are refused.
    fn pattern_without(is_refused: impl Fn(&str) -> bool) -> String {
        let is_refused = |code: &u32| {
            char::from_u32(*code).is_some_and(|character| is_refused(&character.to_string()))
        };
        let refused: Vec<u32> = (0..=u32::from(char::MAX)).filter(is_refused).collect();
        let mut class = String::new();
        for range in refused.chunk_by(|a, b| a + 1 == *b) {
            write!(class, r"\u{:04X}", range[0]).unwrap();
            if let [_, .., last] = range {
                write!(class, r"-\u{last:04X}").unwrap();
            }
        }
        format!("^[^{class}]+$")
    }

    #[test]
    fn the_patterns_say_what_the_domain_checks() {
        assert_eq!(SCOPE_PATTERN, pattern_without(|it| it.parse::<Scope>().is_err()));
        assert_eq!(AUDIENCE_PATTERN, pattern_without(|it| it.parse::<Audience>().is_err()));
    }

    /// The members that an object has, and those that a schema knows, of which some are always there.
    fn assert_members(object: &Value, schema: ObjectBuilder, optional: &[&str]) {
        let schema = schema.build();
        let members: BTreeSet<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
        let known: BTreeSet<_> = schema.properties.keys().map(String::as_str).collect();
        assert_eq!(members, known);
        let required: BTreeSet<_> = schema.required.iter().map(String::as_str).collect();
        let optional: BTreeSet<_> = optional.iter().copied().collect();
        assert_eq!(&required | &optional, known);
        assert!(required.is_disjoint(&optional));
    }

    #[test]
    fn the_schemas_know_all_members_of_what_is_answered() {
        assert_members(&examples::chat(), chat(), &["tags", "real_time"]);
        let chat_id = Some(examples::CHAT_ID);
        let problem = problem_object(Kind::ChatAlreadyExists, "", examples::REQUEST_ID, chat_id);
        assert_members(&examples::to_value(&problem), problems::schema(), &["chat_id"]);
    }
}
