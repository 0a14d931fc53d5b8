//! Headers that do not depend on what a response says.

use actix_web::HttpMessage;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::DefaultHeaders;

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

/// Writes the added headers into the response.
pub(crate) fn write<B>(response: &mut ServiceResponse<B>) {
    let added = response.request().extensions_mut().remove::<Added>().unwrap_or_default();
    for (name, value) in added.0 {
        response.headers_mut().insert(name, value);
    }
}

/// What responses get that do not say otherwise, as far as it makes sense for an API: see the REST
/// Security Cheat Sheet of OWASP, "Security Headers".
pub(crate) fn defaults(is_over_tls: bool) -> DefaultHeaders {
    let headers = DefaultHeaders::new()
        .add((CACHE_CONTROL, "no-store"))
        .add((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if is_over_tls { headers.add((STRICT_TRANSPORT_SECURITY, "max-age=31536000")) } else { headers }
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;

    #[actix_web::test]
    async fn browsers_are_told_to_stay_with_tls_where_there_is_tls() {
        for is_over_tls in [true, false] {
            let app = App::new()
                .wrap(defaults(is_over_tls))
                .default_service(web::to(async || HttpResponse::Ok()));
            let app = init_service(app).await;
            let response = call_service(&app, TestRequest::get().to_request()).await;
            assert_eq!(response.headers().contains_key(STRICT_TRANSPORT_SECURITY), is_over_tls);
        }
    }

    #[actix_web::test]
    async fn a_response_that_says_otherwise_is_left_alone() {
        let app = App::new().wrap(defaults(true)).default_service(web::to(async || {
            HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, no-cache")).finish()
        }));
        let response =
            call_service(&init_service(app).await, TestRequest::get().to_request()).await;
        assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "private, no-cache");
    }
}
