use crate::output;

/// Prints the OpenAPI document of the API. It depends on no configuration.
pub(crate) fn openapi() {
    output::line(&chats_http::openapi());
}
