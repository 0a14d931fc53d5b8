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
        .route("/metrics", read().to(metrics))
        .default_service(web::to(not_found));
}

/// No answer is to be kept.
pub(crate) fn headers() -> DefaultHeaders {
    DefaultHeaders::new().add((CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Tells whoever looks around what there is.
async fn not_found() -> HttpResponse {
    let there = "Here are /healthz, /readyz and /metrics.\n";
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body(there)
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
    match readiness.metrics().await {
        Ok(text) => HttpResponse::Ok().insert_header((CONTENT_TYPE, PROMETHEUS_TEXT)).body(text),
        Err(error) => {
            tracing::error!(error, "the figures cannot be told");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use actix_web::App;
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use async_trait::async_trait;
    use chats_domain::ports::Cause;

    use super::*;
    use crate::{Database, EventService, Instance};

    struct Fake {
        is_ending: bool,
        database: Database,
        replica: Option<Database>,
        event_service: EventService,
        has_figures: bool,
        looks: AtomicUsize,
    }

    impl Default for Fake {
        fn default() -> Self {
            Self {
                is_ending: false,
                database: Database::Ready,
                replica: None,
                event_service: EventService::Ready,
                has_figures: true,
                looks: AtomicUsize::new(0),
            }
        }
    }

    #[async_trait]
    impl Instance for Fake {
        fn is_ending(&self) -> bool {
            self.is_ending
        }

        async fn look_at_database(&self) -> Database {
            self.looks.fetch_add(1, Ordering::Relaxed);
            self.database
        }

        async fn look_at_replica(&self) -> Option<Database> {
            self.looks.fetch_add(1, Ordering::Relaxed);
            self.replica
        }

        async fn look_at_event_service(&self) -> EventService {
            self.looks.fetch_add(1, Ordering::Relaxed);
            if self.event_service == EventService::Unreachable {
                pending::<()>().await;
            }
            self.event_service
        }

        async fn metrics(&self, is_ready: bool) -> Result<String, Cause> {
            if !self.has_figures {
                return Err("they are secret".into());
            }
            Ok(format!("is_ready {is_ready}"))
        }
    }

    /// How an instance answers, when it is asked so often.
    async fn answers(instance: Arc<Fake>, path: &str, times: usize) -> Vec<(StatusCode, String)> {
        let readiness = web::Data::new(Readiness::of(instance));
        let app = init_service(App::new().app_data(readiness).configure(configure)).await;
        let mut answers = Vec::new();
        for _ in 0..times {
            let request = TestRequest::with_uri(path).to_request();
            let answer = call_service(&app, request).await;
            let status = answer.status();
            let body = String::from_utf8(read_body(answer).await.to_vec()).unwrap();
            answers.push((status, body));
        }
        answers
    }

    async fn readiness(instance: Fake) -> (StatusCode, String) {
        answers(Arc::new(instance), "/readyz", 1).await.remove(0)
    }

    #[actix_web::test]
    async fn an_instance_is_ready_by_its_database_and_while_it_does_not_end() {
        let all_is_well =
            r#"{"is_ready":true,"is_ending":false,"database":"ready","event_service":"ready"}"#;
        assert_eq!(readiness(Fake::default()).await, (StatusCode::OK, all_is_well.to_owned()));

        for database in [Database::NotUpToDate, Database::Unreachable] {
            let (status, body) = readiness(Fake { database, ..Fake::default() }).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
        }
        let (status, body) = readiness(Fake { is_ending: true, ..Fake::default() }).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
        assert!(body.contains(r#""is_ending":true"#), "{body}");
        for event_service in [EventService::Refuses, EventService::Unreachable] {
            let (status, body) = readiness(Fake { event_service, ..Fake::default() }).await;
            assert_eq!(status, StatusCode::OK, "{body}");
        }
    }

    #[actix_web::test]
    async fn without_its_database_an_instance_is_ready_while_its_replica_is() {
        let all_is_well = r#"{"is_ready":true,"is_ending":false,"database":"ready","replica":"ready","event_service":"ready"}"#;
        let replica = Some(Database::Ready);
        let well = Fake { replica, ..Fake::default() };
        assert_eq!(readiness(well).await, (StatusCode::OK, all_is_well.to_owned()));

        let ready = Database::Ready;
        for (database, replica, expected) in [
            (Database::Unreachable, ready, StatusCode::OK),
            (Database::Unreachable, Database::NotUpToDate, StatusCode::SERVICE_UNAVAILABLE),
            (Database::Unreachable, Database::Unreachable, StatusCode::SERVICE_UNAVAILABLE),
            (Database::NotUpToDate, ready, StatusCode::SERVICE_UNAVAILABLE),
            (ready, Database::NotUpToDate, StatusCode::OK),
            (ready, Database::Unreachable, StatusCode::OK),
        ] {
            let instance = Fake { database, replica: Some(replica), ..Fake::default() };
            let (status, body) = readiness(instance).await;
            assert_eq!(status, expected, "{body}");
        }
        let ending =
            Fake { is_ending: true, database: Database::Unreachable, replica, ..Fake::default() };
        assert_eq!(readiness(ending).await.0, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[actix_web::test]
    async fn the_figures_have_it_as_ready_as_it_says_to_be() {
        for (instance, is_ready) in [
            (Fake::default(), true),
            (Fake { event_service: EventService::Unreachable, ..Fake::default() }, true),
            (Fake { database: Database::NotUpToDate, ..Fake::default() }, false),
            (Fake { database: Database::Unreachable, ..Fake::default() }, false),
            (
                Fake {
                    database: Database::Unreachable,
                    replica: Some(Database::Ready),
                    ..Fake::default()
                },
                true,
            ),
            (Fake { is_ending: true, ..Fake::default() }, false),
        ] {
            let answers = answers(Arc::new(instance), "/metrics", 1).await;
            assert_eq!(answers, [(StatusCode::OK, format!("is_ready {is_ready}"))]);
        }
    }

    #[actix_web::test]
    async fn many_probes_and_scrapes_are_few_looks() {
        let instance = Arc::new(Fake::default());
        answers(Arc::clone(&instance), "/readyz", 20).await;
        answers(Arc::clone(&instance), "/metrics", 20).await;
        assert!(instance.looks.load(Ordering::Relaxed) < 10);
    }

    #[actix_web::test]
    async fn whether_it_is_alive_is_told_without_a_look() {
        let instance = Arc::new(Fake::default());
        let answers = answers(Arc::clone(&instance), "/healthz", 2).await;
        assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK));
        assert_eq!(instance.looks.load(Ordering::Relaxed), 0);
    }

    #[actix_web::test]
    async fn other_paths_say_which_there_are() {
        let (status, body) = answers(Arc::default(), "/", 1).await.remove(0);
        assert_eq!(status, StatusCode::NOT_FOUND);
        for path in ["/healthz", "/readyz", "/metrics"] {
            assert!(body.contains(path), "{body}");
            assert_ne!(
                answers(Arc::default(), path, 1).await[0].0,
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }

    #[actix_web::test]
    async fn figures_that_cannot_be_told_are_an_error_without_a_reason() {
        let instance = Fake { has_figures: false, ..Fake::default() };
        let answers = answers(Arc::new(instance), "/metrics", 1).await;
        assert_eq!(answers, [(StatusCode::INTERNAL_SERVER_ERROR, String::new())]);
    }
}
