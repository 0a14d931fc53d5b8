//! The API as an OpenAPI document: <https://spec.openapis.org/oas/v3.1.1.html>.
//!
//! It is made of what the routes say of themselves, each beside its handler, of the table of errors, and of
//! the rules of the domain's values.

mod answers;
mod examples;
mod headers;
mod operation;
mod parameters;
mod problems;
mod schemas;

use utoipa::openapi::path::{HttpMethod, PathItem, PathsBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, Info, InfoBuilder, LicenseBuilder, OpenApi, Server, ServerBuilder,
};

use crate::routes;

pub(crate) use answers::{creation, not_modified, read};
pub(crate) use operation::{Documented, Operation};
pub(crate) use parameters::{IF_NONE_MATCH, audience, chat_id, scope};
pub(crate) use schemas::{CONVERT_CHAT, CREATE_CHAT, body};

/// The document, as JSON text.
#[must_use]
pub fn openapi() -> String {
    // Objects of strings and numbers are always written.
    document().to_pretty_json().unwrap_or_default()
}

const DESCRIPTION: &str = "\
A *chat* is a room with events: messages and the like. It stands on one *event room* of the platform's \
event service. This API creates a chat together with its room, turns an existing room into a chat, and \
reads chats back, by identifier or by the tenant's own key.

An *audience* is a tenant's name space, shaped like a domain name (`school.example.org`). A *scope* is the \
tenant's own key for a chat, unique within the audience (`lesson-42`). An *account* is who calls, written \
`label.audience`; the bearer token tells it.

**A POST is safe to repeat**, with no extra header: audience and scope are the key. Of many equal requests \
at once, one is answered `201` and the others `200`, all with one `chat_id`.

**Every error is a problem** (RFC 9457). Match on its `type` and on nothing else; `is_transient` says \
whether the same request may succeed later. A path that is not listed here is answered \
`404 route_not_found`, and a method that its path does not list `405 method_not_allowed`.";

/// The tag of all operations.
const TAG: &str = "chats";

/// The one way to say who calls.
const BEARER: &str = "bearer";

fn document() -> OpenApi {
    let mut components = components();
    let mut paths = PathsBuilder::new();
    for Documented { path, operations } in routes::documented() {
        let mut item = PathItem::default();
        for (method, operation) in operations {
            let operation = Some(operation.write(&method, &mut components));
            match method {
                HttpMethod::Get => item.get = operation,
                HttpMethod::Head => item.head = operation,
                _ => item.post = operation,
            }
        }
        paths = paths.path(path, item);
    }
    let tag = TagBuilder::new().name(TAG).description(Some("Chats, each on its event room."));
    OpenApi::builder()
        .info(info())
        .servers(Some([server()]))
        .paths(paths)
        .components(Some(components))
        .security(Some([SecurityRequirement::new(BEARER, [""; 0])]))
        .tags(Some([tag.build()]))
        .build()
}

fn info() -> Info {
    let licence = env!("CARGO_PKG_LICENSE");
    let licence = LicenseBuilder::new().name(licence).identifier(Some(licence)).build();
    InfoBuilder::new()
        .title("chats")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(licence))
        .build()
}

fn server() -> Server {
    ServerBuilder::new().url("/").description(Some("Where this document comes from.")).build()
}

fn components() -> Components {
    let mut components = Components::new();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A JWT of an issuer that the service knows: `iss`, `aud` (the account's audience), `sub` (its \
             label), `exp`. In development `chats token --account tutor.demo.example.org` prints one.",
        ))
        .build();
    components.add_security_scheme(BEARER, utoipa::openapi::security::SecurityScheme::Http(bearer));
    for (name, schema) in schemas::all() {
        components.schemas.insert(name.to_owned(), schema);
    }
    for (name, header) in headers::all() {
        components.headers.insert(name.to_owned(), header.into());
    }
    for (name, parameter) in parameters::all() {
        components.parameters.insert(name.to_owned(), parameter.into());
    }
    components
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::Route;
    use crate::problem::Kind;

    fn repository() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
    }

    fn parsed() -> Value {
        serde_json::from_str(&openapi()).unwrap()
    }

    #[test]
    fn the_document_in_the_repository_is_this_one() {
        let checked_in = fs::read_to_string(repository().join("docs/openapi.json")).unwrap();
        assert!(
            checked_in == openapi() + "\n",
            "the API says something else of itself; renew it: cargo run -- openapi > docs/openapi.json"
        );
    }

    #[test]
    fn every_route_of_the_api_is_in_the_document() {
        let patterns = Route::ALL.into_iter().map(Route::pattern);
        let routes: BTreeSet<_> = patterns.filter(|it| it.starts_with("/api/")).collect();
        let document = parsed();
        let paths: BTreeSet<_> =
            document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(paths, routes);
    }

    #[test]
    fn every_kind_of_problem_is_an_answer_to_something() {
        let text = openapi();
        for kind in Kind::ALL {
            let name = kind.row().name;
            let example = format!(r#""type": "{name}""#);
            assert!(text.contains(&example), "{name} is no answer to any operation");
        }
    }

    #[test]
    fn the_page_of_the_api_lists_every_kind_of_problem() {
        let page = fs::read_to_string(repository().join("docs/api.md")).unwrap();
        for kind in Kind::ALL {
            let row = kind.row();
            let transient = if row.is_transient { "yes" } else { "" };
            let line = format!("| `{}` | {} | {transient}", row.name, row.status);
            assert!(page.contains(line.trim_end()), "docs/api.md has no line {line}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(Value::as_str));
                    members.values().for_each(|member| references(member, found));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let document = parsed();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn what_is_declared_is_used() {
        let document = parsed();
        let text = openapi();
        for (group, declared) in document["components"].as_object().unwrap() {
            for name in declared.as_object().unwrap().keys() {
                let reference = format!(r##""#/components/{group}/{name}""##);
                let is_used = group == "securitySchemes" || text.contains(&reference);
                assert!(is_used, "{group}/{name}");
            }
        }
    }
}
