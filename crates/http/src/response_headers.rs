//! Headers that do not depend on what a response says.

use actix_web::HttpMessage;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};

/// Headers for the response to a request, whatever becomes of it.
#[derive(Default)]
struct Added(Vec<(HeaderName, HeaderValue)>);

/// Adds a header to the response that the request will get.
pub(crate) fn add(request: &impl HttpMessage, name: HeaderName, value: HeaderValue) {
    let mut extensions = request.extensions_mut();
    if extensions.get::<Added>().is_none() {
        extensions.insert(Added::default());
    }
    if let Some(Added(headers)) = extensions.get_mut() {
        headers.push((name, value));
    }
}

/// Writes the added headers into the response, and those that all have unless they say otherwise.
pub(crate) fn write<B>(response: &mut ServiceResponse<B>, is_over_tls: bool) {
    let added = response.request().extensions_mut().remove::<Added>().unwrap_or_default();
    let headers = response.headers_mut();
    for (name, value) in added.0 {
        headers.insert(name, value);
    }
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    if is_over_tls {
        let for_a_year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, for_a_year);
    }
}

/// What responses get that do not say otherwise, as far as it makes sense for an API: see the REST
/// Security Cheat Sheet of OWASP, "Security Headers".
const DEFAULTS: [(HeaderName, HeaderValue); 3] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn browsers_are_told_to_stay_with_tls_where_there_is_tls() {
        for is_over_tls in [true, false] {
            let mut response =
                TestRequest::get().to_srv_response(HttpResponse::NoContent().finish());
            write(&mut response, is_over_tls);
            assert_eq!(response.headers().contains_key(STRICT_TRANSPORT_SECURITY), is_over_tls);
        }
    }

    #[test]
    fn a_response_that_says_otherwise_is_left_alone() {
        let said = (CACHE_CONTROL, "private, no-cache");
        let response = HttpResponse::NoContent().insert_header(said).finish();
        let mut response = TestRequest::get().to_srv_response(response);
        write(&mut response, true);
        assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "private, no-cache");
        assert_eq!(response.headers().get(X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
    }
}
