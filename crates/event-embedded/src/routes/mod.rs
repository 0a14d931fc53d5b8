//! The routes, one file for each.

mod create_event;
mod create_room;
mod event_object;
mod healthz;
mod list_events;
mod read_room;
mod room_object;
mod test_faults;
mod test_rooms;
mod time_member;
mod update_room;

use actix_web::error::ErrorBadRequest;
use actix_web::middleware::from_fn;
use actix_web::web::{self, PathConfig, PayloadConfig, ServiceConfig};

use crate::access::authenticate;
use crate::faults::{Call, strike};
use crate::json_body::MAX_BODY_BYTES;

/// The event service's face, and with faults what is for tests only.
pub(crate) fn configure(config: &mut ServiceConfig, with_faults: bool) {
    let api = web::scope("/api/v1")
        .wrap(from_fn(authenticate))
        .service(
            web::resource("/rooms")
                .route(web::post().to(create_room::handle).wrap(strike(Call::Open))),
        )
        .service(
            web::resource("/rooms/{id}")
                .route(web::get().to(read_room::handle).wrap(strike(Call::Find)))
                .route(web::patch().to(update_room::handle).wrap(strike(Call::Bind))),
        )
        .service(
            web::resource("/rooms/{id}/events")
                .route(web::post().to(create_event::handle).wrap(strike(Call::Other)))
                .route(web::get().to(list_events::handle).wrap(strike(Call::Other))),
        );
    config
        .app_data(PayloadConfig::new(MAX_BODY_BYTES))
        .app_data(PathConfig::default().error_handler(|error, _| ErrorBadRequest(error)))
        .route("/healthz", web::get().to(healthz::handle))
        .service(api);

    if with_faults {
        config
            .service(
                web::resource("/test/faults")
                    .route(web::get().to(test_faults::show))
                    .route(web::put().to(test_faults::replace))
                    .route(web::post().to(test_faults::add))
                    .route(web::delete().to(test_faults::clear)),
            )
            .route("/test/rooms", web::get().to(test_rooms::handle));
    }
}
