use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chats_domain::ports::Clock;
use chats_domain::values::{Account, Audience, Timestamp};

use crate::SigningKey;
use crate::claims::NewClaims;

/// Signs tokens as one issuer.
pub struct Signer {
    issuer: String,
    key: SigningKey,
    clock: Arc<dyn Clock>,
}

/// An account of our own: who we are to the services that we call.
///
/// Its token is kept and used again, until half of its life is over. So each token that is handed out is
/// good for at least the other half, which must be long enough for the call that it goes with.
pub struct Identity {
    signer: Signer,
    account: Account,
    aud: String,
    signed: Mutex<Option<Signed>>,
}

/// The token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningError(#[source] jsonwebtoken::errors::Error);

struct Signed {
    token: String,
    at: Timestamp,
}

impl Signer {
    /// Signs as `issuer`, at the times that `clock` tells.
    #[must_use]
    pub fn new(issuer: String, key: SigningKey, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, key, clock }
    }

    /// A token that stands for `account` from now on, for `lifetime`. Its times are whole seconds.
    pub fn sign(&self, account: &Account, lifetime: Duration) -> Result<String, SigningError> {
        self.sign_at(self.clock.now(), account, account.audience().as_str(), lifetime)
    }

    /// The clock that tells when tokens are signed.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    fn sign_at(
        &self,
        now: Timestamp,
        account: &Account,
        aud: &str,
        lifetime: Duration,
    ) -> Result<String, SigningError> {
        let claims = NewClaims::new(&self.issuer, account, aud, now, lifetime);
        self.key.sign(&claims).map_err(SigningError)
    }
}

impl Identity {
    /// How long each of its tokens is good.
    pub const TOKEN_LIFETIME: Duration = Duration::from_mins(5);

    /// We are `account`.
    #[must_use]
    pub fn new(signer: Signer, account: Account) -> Self {
        let aud = account.audience().to_string();
        Self { signer, account, aud, signed: Mutex::default() }
    }

    /// We are `account` to the service of `tenant`. Its tokens name both audiences, ours and the
    /// tenant's, so that no tenant can use them towards another.
    #[must_use]
    pub fn towards(tenant: &Audience, signer: Signer, account: Account) -> Self {
        let aud = format!("{}:{tenant}", account.audience());
        Self { aud, ..Self::new(signer, account) }
    }

    /// The account's token, which is good for half of its lifetime at least.
    pub fn token(&self) -> Result<String, SigningError> {
        let now = self.signer.clock.now();
        // What is kept is replaced at once, so a thread that panicked left nothing half-way.
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = signed.as_ref()
            && signed.is_fresh(now)
        {
            return Ok(signed.token.clone());
        }
        let token = self.signer.sign_at(now, &self.account, &self.aud, Self::TOKEN_LIFETIME)?;
        *signed = Some(Signed { token: token.clone(), at: now });
        Ok(token)
    }
}

impl Signed {
    /// A token from the future, signed before the clock was set back, is not fresh either.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.at <= now && now.since(self.at) < Identity::TOKEN_LIFETIME / 2
    }
}
