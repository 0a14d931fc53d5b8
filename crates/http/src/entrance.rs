//! The way in: who calls, and whether they have called too often.

use std::sync::Arc;

use actix_web::HttpRequest;
use chats_domain::ports::Authenticator;
use chats_domain::values::Account;
use governor::clock::MonotonicClock;

use crate::Limits;
use crate::limits::Limiter;
use crate::problem::Problem;
use crate::request::caller;

pub(crate) struct Entrance {
    authenticator: Arc<dyn Authenticator>,
    limiter: Limiter,
}

impl Entrance {
    pub(crate) fn new(authenticator: Arc<dyn Authenticator>, limits: Limits) -> Self {
        Self { authenticator, limiter: Limiter::new(limits, &MonotonicClock) }
    }

    /// The account that calls. Comes before anything else is done for the request.
    pub(crate) async fn admit(&self, request: &HttpRequest) -> Result<Account, Problem> {
        let account = caller(request, &*self.authenticator).await?;
        self.limiter.count(request, &account)?;
        Ok(account)
    }
}
