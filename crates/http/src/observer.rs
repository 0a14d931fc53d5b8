//! Who looks on while requests come and are answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::http::{Method, StatusCode};

use crate::Route;

/// Is told of every request. It is called for each, on the way of the answer, so it has to be quick.
pub trait RequestObserver: Send + Sync {
    /// A request has come. One of the others is called once it has ended.
    fn began(&self);

    /// A request has been answered.
    fn answered(&self, answered: &Answered);

    /// Nobody waits for the answer to a request any more: its connection is broken.
    fn abandoned(&self);
}

/// A request that has been answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// How it was asked.
    pub method: RequestMethod,
    /// What it asked for.
    pub route: Route,
    /// The status of the answer.
    pub status: u16,
    /// From when its head was read until the answer was ready to be sent.
    pub duration: Duration,
}

/// The methods that figures and logs tell apart: those of RFC 9110 and RFC 5789, whatever clients send.
///
/// Each is a number: [`RequestMethod::ALL`] is in that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says itself")]
pub enum RequestMethod {
    Connect,
    Delete,
    Get,
    Head,
    Options,
    Patch,
    Post,
    Put,
    Trace,
    Other,
}

impl RequestMethod {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Connect,
        Self::Delete,
        Self::Get,
        Self::Head,
        Self::Options,
        Self::Patch,
        Self::Post,
        Self::Put,
        Self::Trace,
        Self::Other,
    ];

    /// Its name, and one for all others: `http.request.method` in the semantic conventions of OpenTelemetry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Trace => "TRACE",
            Self::Other => "_OTHER",
        }
    }
}

impl From<&Method> for RequestMethod {
    fn from(method: &Method) -> Self {
        match *method {
            Method::CONNECT => Self::Connect,
            Method::DELETE => Self::Delete,
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::OPTIONS => Self::Options,
            Method::PATCH => Self::Patch,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::TRACE => Self::Trace,
            _ => Self::Other,
        }
    }
}

/// A request that has begun. If this is dropped, the request was abandoned.
pub(crate) struct Begun {
    at: Instant,
    observer: Arc<dyn RequestObserver>,
    is_answered: bool,
}

impl Begun {
    /// Tells the observer of a request that begins now.
    pub(crate) fn tell(observer: Arc<dyn RequestObserver>) -> Self {
        observer.began();
        Self { at: Instant::now(), observer, is_answered: false }
    }

    pub(crate) fn at(&self) -> Instant {
        self.at
    }

    /// Tells the observer of the answer.
    pub(crate) fn answered(mut self, request: &HttpRequest, status: StatusCode) -> Answered {
        let answered = Answered {
            method: request.method().into(),
            route: request.app_data().copied().unwrap_or(Route::Unknown),
            status: status.as_u16(),
            duration: self.at.elapsed(),
        };
        self.is_answered = true;
        self.observer.answered(&answered);
        answered
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.is_answered {
            self.observer.abandoned();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Mutex;
    use std::task::{Context, Waker};

    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, web};

    use super::*;
    use crate::middleware::{self, Watch};
    use crate::routes;

    #[derive(Debug, PartialEq, Eq)]
    enum Told {
        Began,
        Answered(RequestMethod, Route, u16),
        Abandoned,
    }

    #[derive(Default)]
    struct Observer(Mutex<Vec<Told>>);

    impl Observer {
        fn note(&self, told: Told) {
            self.0.lock().unwrap().push(told);
        }

        fn told(&self) -> Vec<Told> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    impl RequestObserver for Observer {
        fn began(&self) {
            self.note(Told::Began);
        }

        fn answered(&self, answered: &Answered) {
            self.note(Told::Answered(answered.method, answered.route, answered.status));
        }

        fn abandoned(&self) {
            self.note(Told::Abandoned);
        }
    }

    #[actix_web::test]
    async fn requests_are_told_apart_by_what_there_is_and_not_by_what_was_sent() {
        let observer = Arc::new(Observer::default());
        let looks_on = Arc::clone(&observer);
        let watch = Arc::new(Watch {
            observer: looks_on,
            tracer: None,
            is_over_tls: false,
            is_ending: Arc::default(),
        });
        let app = App::new()
            .wrap(from_fn(move |request, next| {
                middleware::finish(request, next, Arc::clone(&watch))
            }))
            .configure(|app| routes::configure(app, false))
            .route("/slow", web::get().to(std::future::pending::<&str>));
        let app = init_service(app).await;
        let purge = Method::from_bytes(b"PURGE").unwrap();
        for (method, path, expected, route, status) in [
            (Method::GET, "/api/v1/chats", RequestMethod::Get, Route::Create, 405),
            (Method::PUT, "/api/v1/chats/convert", RequestMethod::Put, Route::Convert, 405),
            (Method::POST, "/api/v1/chats/7", RequestMethod::Post, Route::Read, 405),
            (
                Method::DELETE,
                "/api/v1/audiences/a/chats/b",
                RequestMethod::Delete,
                Route::ReadByKey,
                405,
            ),
            (Method::HEAD, "/api/v1/nothing/7", RequestMethod::Head, Route::Unknown, 404),
            (purge, "/", RequestMethod::Other, Route::Unknown, 404),
        ] {
            let request = TestRequest::with_uri(path).method(method).to_request();
            call_service(&app, request).await;
            assert_eq!(observer.told(), [Told::Began, Told::Answered(expected, route, status)]);
        }

        let request = TestRequest::with_uri("/slow").to_request();
        {
            let mut slow = pin!(call_service(&app, request));
            assert!(slow.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(observer.told(), [Told::Began, Told::Abandoned]);
    }

    #[test]
    fn each_method_is_at_its_number_and_has_its_name() {
        for (number, method) in RequestMethod::ALL.into_iter().enumerate() {
            assert_eq!(method as usize, number, "{method:?}");
            let named = Method::from_bytes(method.as_str().as_bytes()).unwrap();
            assert_eq!(RequestMethod::from(&named), method);
        }
    }
}
