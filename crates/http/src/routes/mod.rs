//! The routes, one file each, and what they share.

mod convert;
mod create;
mod read;
mod read_by_key;
mod respond;

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{HttpResponse, Resource, guard, web};
use chats_domain::values::ChatId;

use crate::problem::{Kind, Problem};
use crate::{Route, cors};

/// Registers all routes, and the answers for all other paths and methods. Pages of other origins may use
/// the reads if those are `shared`.
pub(crate) fn configure(app: &mut web::ServiceConfig, shared: bool) {
    let cors = || Condition::new(shared, from_fn(cors::share));
    let reads = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    app.service(posts_to(Route::Create).route(web::post().to(create::create)))
        .service(posts_to(Route::Convert).route(web::post().to(convert::convert)))
        .service(reads_of(Route::Read).route(reads().to(read::read)).wrap(cors()))
        .service(
            reads_of(Route::ReadByKey).route(reads().to(read_by_key::read_by_key)).wrap(cors()),
        )
        .default_service(web::to(route_not_found));
}

/// The path of a chat.
pub(crate) fn location(chat: ChatId) -> String {
    format!("/api/v1/chats/{chat}")
}

fn posts_to(route: Route) -> Resource {
    resource(route).default_service(web::to(|| async { method_not_allowed("POST") }))
}

fn reads_of(route: Route) -> Resource {
    resource(route).default_service(web::to(|| async { method_not_allowed("GET, HEAD") }))
}

/// What is served on the paths of a route, which its requests know.
fn resource(route: Route) -> Resource {
    web::resource(route.pattern()).app_data(route)
}

fn method_not_allowed(allowed: &'static str) -> Result<HttpResponse, Problem> {
    let detail = format!("This path answers to {allowed} alone.");
    let allow = HeaderValue::from_static(allowed);
    Err(Problem::new(Kind::MethodNotAllowed, detail).with_header(ALLOW, allow))
}

async fn route_not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Kind::RouteNotFound, "Nothing is served on this path."))
}
