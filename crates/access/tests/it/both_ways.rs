//! Issuers with a cache and without one.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use chats_access::{Issuer, Issuers, TokenCache};
use chats_domain::ports::{AuthenticationError, Authenticator, Clock};
use chats_domain::values::Account;

/// The same issuers twice, of which one remembers tokens. It makes no difference, or the test fails.
pub(crate) struct BothWays {
    pub(crate) plain: Issuers,
    pub(crate) cached: TokenCache,
}

impl BothWays {
    pub(crate) fn new(by_name: HashMap<String, Issuer>, clock: &Arc<impl Clock + 'static>) -> Self {
        let issuers = |by_name| Issuers::new(by_name, clock.clone());
        let tokens = NonZeroU32::new(1000).unwrap();
        let cached = TokenCache::new(issuers(by_name.clone()), tokens).unwrap();
        Self { plain: issuers(by_name), cached }
    }

    /// Asks the one, and twice the other: it may not know the token yet.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<Account, String> {
        let answer = ask(&self.plain, token).await;
        for _ in 0..2 {
            assert_eq!(ask(&self.cached, token).await, answer);
        }
        answer
    }
}

/// The account, or the reason of the refusal; or why nobody can tell now, in brackets.
pub(crate) async fn ask(asked: &dyn Authenticator, token: &str) -> Result<Account, String> {
    let answer = asked.authenticate(token).await;
    answer.map_err(|error| match error {
        AuthenticationError::Refused(cause) => cause.to_string(),
        AuthenticationError::Unavailable(cause) => format!("({cause})"),
    })
}
