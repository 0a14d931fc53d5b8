use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, Route, guard, web};

use crate::readiness::Readiness;

/// What Prometheus asks for and gets: its text form, version 0.0.4.
const PROMETHEUS_TEXT: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Registers all routes. All other paths are not found.
pub(crate) fn configure(app: &mut web::ServiceConfig) {
    app.route("/healthz", read().to(healthz))
        .route("/readyz", read().to(readyz))
        .route("/metrics", read().to(metrics));
}

/// No answer is to be kept.
pub(crate) fn headers() -> DefaultHeaders {
    DefaultHeaders::new().add((CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// That this is answered is all there is to tell.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

async fn readyz(readiness: web::Data<Readiness>) -> HttpResponse {
    let report = readiness.report().await;
    if report.is_ready {
        HttpResponse::Ok().json(report)
    } else {
        HttpResponse::ServiceUnavailable().json(report)
    }
}

async fn metrics(readiness: web::Data<Readiness>) -> HttpResponse {
    match readiness.instance.metrics().await {
        Ok(text) => HttpResponse::Ok().insert_header((CONTENT_TYPE, PROMETHEUS_TEXT)).body(text),
        Err(error) => {
            tracing::error!(error, "the figures cannot be told");
            HttpResponse::InternalServerError().finish()
        }
    }
}
