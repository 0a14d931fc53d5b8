//! The OpenAPI document, and Swagger UI, a page to try the API from: <https://swagger.io/tools/swagger-ui>.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, guard, web};
use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::problem::{Kind, Problem};
use crate::routes::{reads, reads_at, reads_of};
use crate::{Route, etag, openapi};

/// What the page may do: run its own scripts, and call this API. Swagger UI styles its elements one by one,
/// and has its pictures in its style sheet.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Anyone may keep it who asks each time whether it still holds: the next version has other files.
const CACHING: HeaderValue = HeaderValue::from_static("no-cache");

/// The files of the page, whatever their names.
const FILES: &str = "/docs/{file:.*}";

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi::openapi);

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // Seen from the page, so that it is found behind a prefix, too.
    let config = Config::from("../openapi.json")
        .use_base_layout()
        .deep_linking(true)
        .display_request_duration(true)
        .try_it_out_enabled(true)
        // No other server is told of the document to judge it.
        .validator_url("none");
    Arc::new(config)
});

/// Registers the document and the page. None of it needs a token.
pub(crate) fn configure(app: &mut web::ServiceConfig) {
    app.service(reads_of(Route::OpenApi).route(reads().to(document)))
        .service(reads_at("/docs", Route::Docs).route(reads().to(to_the_page)))
        .service(reads_at(FILES, Route::Docs).route(reads().to(file)))
        .service(
            web::resource("/").guard(guard::Any(guard::Get()).or(guard::Head())).to(at_the_door),
        );
}

/// People open the address alone in a browser, and are told where to go.
async fn at_the_door() -> Result<HttpResponse, Problem> {
    let detail = "Nothing is served on this path. What is, stands at /docs/ and /openapi.json.";
    Err(Problem::new(Kind::RouteNotFound, detail))
}

async fn document(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let bytes = Bytes::from_static(DOCUMENT.as_bytes());
    etag::answer(&request, bytes, "application/json", CACHING)
}

/// The page refers to its files as its neighbours.
async fn to_the_page() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "docs/")).finish()
}

async fn file(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let file = utoipa_swagger_ui::serve(&name, Arc::clone(&CONFIG));
    let file = file.map_err(|e| Problem::internal(e.to_string().into()))?;
    let Some(SwaggerFile { bytes, content_type, gzpipped: is_gzipped, .. }) = file else {
        return Err(Problem::new(Kind::RouteNotFound, "The page has no such file."));
    };
    let bytes = match bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    let mut response = etag::answer(&request, bytes, &content_type, CACHING)?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY));
    if is_gzipped {
        // There is no other form; all browsers take this one.
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}
