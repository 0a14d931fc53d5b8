//! The answers if all goes well.

use utoipa::openapi::content::Content;
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Ref, Response};

use super::{examples, headers, schemas};
use crate::routes;

/// A chat that was asked to be there.
pub(crate) fn creation(what: &'static str) -> Response {
    let response = with_headers(what, &[headers::LOCATION]).content("application/json", chat());
    let by_id = [("chat_id", "chat_id")];
    let by_key = [("audience", "audience"), ("scope", "scope")];
    response
        .link("readChat", link(routes::READ, &by_id, "Reads the chat by its identifier."))
        .link("readChatByKey", link(routes::READ_BY_KEY, &by_key, "Reads the chat by its key."))
        .build()
}

/// A chat that was read.
pub(crate) fn read() -> Response {
    with_headers("The chat.", &[headers::ETAG, headers::CACHE_CONTROL])
        .content("application/json", chat())
        .build()
}

/// A chat that the client has already.
pub(crate) fn not_modified() -> Response {
    let what = "`If-None-Match` names the chat as it is: the client has it already.";
    with_headers(what, &[headers::ETAG, headers::CACHE_CONTROL]).build()
}

fn with_headers(what: &'static str, fields: &[headers::Field]) -> ResponseBuilder {
    let always = [headers::X_REQUEST_ID].into_iter().chain(headers::LIMITS);
    fields
        .iter()
        .copied()
        .chain(always)
        .fold(ResponseBuilder::new().description(what), |response, field| {
            response.header_ref(field.name, field.reference())
        })
}

fn chat() -> Content {
    Content::builder()
        .schema(Some(Ref::from_schema_name(schemas::CHAT)))
        .example(Some(examples::chat()))
        .build()
}

/// Where the chat of an answer is read: parameters, each with the member that it is taken from.
fn link(operation: &str, members: &[(&str, &str)], what: &str) -> Link {
    let link = LinkBuilder::new().operation_id(operation).description(what);
    let link = members.iter().fold(link, |link, (parameter, member)| {
        link.parameter(*parameter, format!("$response.body#/{member}"))
    });
    link.build()
}
