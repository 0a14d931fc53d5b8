//! `/test/faults`: the faults, switched from outside. Every call answers with those that are on.

use actix_web::{HttpResponse, web};

use crate::faults::{Fault, Faults};
use crate::json_body::JsonBody;
use crate::service::Inner;

pub(super) async fn show(service: web::Data<Inner>) -> HttpResponse {
    change(&service, |_| {})
}

pub(super) async fn replace(
    service: web::Data<Inner>,
    JsonBody(fault): JsonBody<Fault>,
) -> HttpResponse {
    change(&service, |faults| faults.set(fault))
}

pub(super) async fn add(
    service: web::Data<Inner>,
    JsonBody(fault): JsonBody<Fault>,
) -> HttpResponse {
    change(&service, |faults| faults.add(fault))
}

pub(super) async fn clear(service: web::Data<Inner>) -> HttpResponse {
    change(&service, Faults::clear)
}

fn change(service: &Inner, change: impl FnOnce(&Faults)) -> HttpResponse {
    let Some(faults) = &service.faults else {
        return HttpResponse::NotFound().finish();
    };
    change(faults);
    HttpResponse::Ok().json(faults.list())
}
