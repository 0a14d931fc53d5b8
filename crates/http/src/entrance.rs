//! The way in: who calls, and whether they have called too often.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::sleep;
use actix_web::{HttpMessage, HttpRequest};
use chats_domain::ports::Authenticator;
use chats_domain::values::Account;
use futures_util::future::{Either, select};
use governor::clock::MonotonicClock;

use crate::Settings;
use crate::limits::Limiter;
use crate::problem::Problem;
use crate::request::caller;

pub(crate) struct Entrance {
    authenticator: Arc<dyn Authenticator>,
    authentication_timeout: Duration,
    limiter: Limiter,
}

impl Entrance {
    pub(crate) fn new(authenticator: Arc<dyn Authenticator>, settings: &Settings) -> Self {
        Self {
            authenticator,
            authentication_timeout: settings.authentication_timeout,
            limiter: Limiter::new(settings.limits, &MonotonicClock),
        }
    }

    /// The account that calls, which the request's extensions have from then on. Comes before anything else
    /// is done for the request.
    pub(crate) async fn admit(&self, request: &HttpRequest) -> Result<Account, Problem> {
        let account = self.caller(request).await?;
        request.extensions_mut().insert(account.clone());
        self.limiter.count(request, &account)?;
        Ok(account)
    }

    async fn caller(&self, request: &HttpRequest) -> Result<Account, Problem> {
        // The time begins with the first wait, and few have to.
        let late = async { sleep(self.authentication_timeout).await };
        match select(pin!(caller(request, &*self.authenticator)), pin!(late)).await {
            Either::Left((found, _)) => found,
            Either::Right(((), _)) => Err(Problem::authentication_unavailable(Late.into())),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("nobody could tell in time who calls")]
struct Late;

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::num::NonZeroU32;

    use actix_web::ResponseError;
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;
    use async_trait::async_trait;
    use chats_domain::ports::AuthenticationError;

    use super::*;
    use crate::Limits;

    /// Knows one token, and waits for ever to know another.
    struct OneToken;

    #[async_trait]
    impl Authenticator for OneToken {
        async fn authenticate(&self, token: &str) -> Result<Account, AuthenticationError> {
            if token != "known" {
                pending::<()>().await;
            }
            Ok("tutor.school.example.org".parse().unwrap())
        }
    }

    #[actix_web::test]
    async fn telling_who_calls_takes_only_so_long() {
        let settings = |authentication_timeout| Settings {
            authentication_timeout,
            keep_alive: Duration::from_secs(75),
            client_timeout: Duration::from_secs(10),
            max_connections: NonZeroU32::MIN,
            limits: Limits::default(),
            collects_traces: false,
            cors_origins: Vec::new(),
            docs: false,
        };
        let bearer = |token| ("authorization", format!("Bearer {token}"));
        for time in [Duration::ZERO, Duration::from_millis(20)] {
            let entrance = Entrance::new(Arc::new(OneToken), &settings(time));
            let unknown = TestRequest::default().insert_header(bearer("unknown")).to_http_request();
            let problem = entrance.admit(&unknown).await.unwrap_err();
            assert_eq!(problem.status_code(), StatusCode::SERVICE_UNAVAILABLE);
            // What needs no waiting has time enough.
            let known = TestRequest::default().insert_header(bearer("known")).to_http_request();
            assert!(entrance.admit(&known).await.is_ok());
        }
    }
}
