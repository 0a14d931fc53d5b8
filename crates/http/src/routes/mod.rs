//! The routes, one file each, and what they share.

mod convert;
mod create;
mod read;
mod read_by_key;
mod respond;

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, Resource, guard, web};
use chats_domain::values::ChatId;

use crate::openapi::Documented;
use crate::problem::{Kind, Problem};
use crate::{Route, cors};

/// The names in the document of the operations that read.
pub(crate) use {read::ID as READ, read_by_key::ID as READ_BY_KEY};

/// Registers all routes, and the answers for all other paths and methods. Pages of other origins may use
/// the reads if those are `shared`.
pub(crate) fn configure(app: &mut web::ServiceConfig, shared: bool) {
    app.service(posts_to(Route::Create).route(web::post().to(create::create)))
        .service(posts_to(Route::Convert).route(web::post().to(convert::convert)))
        .default_service(web::to(route_not_found));
    let read = reads_of(Route::Read).route(reads().to(read::read));
    let read_by_key = reads_of(Route::ReadByKey).route(reads().to(read_by_key::read_by_key));
    for resource in [read, read_by_key] {
        if shared {
            app.service(resource.wrap(from_fn(cors::share)));
        } else {
            app.service(resource);
        }
    }
}

/// What the routes say of themselves.
pub(crate) fn documented() -> [Documented; 4] {
    [
        Documented::post(Route::Create, create::documented()),
        Documented::post(Route::Convert, convert::documented()),
        Documented::read(Route::Read, read::documented, "probeChat"),
        Documented::read(Route::ReadByKey, read_by_key::documented, "probeChatByKey"),
    ]
}

/// The path of a chat.
pub(crate) fn location(chat: ChatId) -> String {
    format!("/api/v1/chats/{chat}")
}

fn posts_to(route: Route) -> Resource {
    resource(route.pattern(), route)
        .default_service(web::to(|| async { method_not_allowed("POST") }))
}

/// A resource of this route that is read.
pub(crate) fn reads_of(route: Route) -> Resource {
    reads_at(route.pattern(), route)
}

/// A resource that is read, at another path that belongs to the route.
pub(crate) fn reads_at(path: &str, route: Route) -> Resource {
    resource(path, route).default_service(web::to(|| async { method_not_allowed("GET, HEAD") }))
}

/// What is served on the paths of a route, which its requests know.
fn resource(path: &str, route: Route) -> Resource {
    web::resource(path).app_data(route)
}

/// The methods that a read answers to.
pub(crate) fn reads() -> actix_web::Route {
    // The framework's own guards note each method that they ask for, for an answer that is ours here.
    web::route().guard(guard::fn_guard(|it| matches!(it.head().method, Method::GET | Method::HEAD)))
}

fn method_not_allowed(allowed: &'static str) -> Result<HttpResponse, Problem> {
    let detail = format!("This path answers to {allowed} alone.");
    let allow = HeaderValue::from_static(allowed);
    Err(Problem::new(Kind::MethodNotAllowed, detail).with_header(ALLOW, allow))
}

async fn route_not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Kind::RouteNotFound, "Nothing is served on this path."))
}
