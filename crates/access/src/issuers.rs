use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chats_domain::ports::{AuthenticationFailed, Authenticator, Clock};
use chats_domain::values::{Account, Audience, InvalidAccount, Timestamp};

use crate::VerificationKey;
use crate::claims::Claims;
use crate::refusal::Refusal;
use crate::token::Unverified;

/// The issuers whose tokens count, each by its name: the tokens' `iss`.
pub struct Issuers {
    by_name: HashMap<String, Issuer>,
    clock: Arc<dyn Clock>,
}

/// What is known of an issuer.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Verifies its tokens.
    pub key: VerificationKey,
    /// The audiences whose accounts it may speak for: its tokens' `aud`.
    pub audiences: HashSet<Audience>,
    /// Whether its tokens must have an end, `exp`. One that has an end is good until then in any case.
    pub requires_exp: bool,
    /// By how much its clock may differ from ours.
    pub leeway: Duration,
}

impl Issuers {
    /// The issuers by their names. `clock` tells which tokens have expired.
    #[must_use]
    pub fn new(by_name: HashMap<String, Issuer>, clock: Arc<dyn Clock>) -> Self {
        Self { by_name, clock }
    }

    fn account(&self, token: &str) -> Result<Account, Refusal> {
        let token = Unverified::parse(token)?;
        let name = token.issuer().ok_or(Refusal::Missing("iss"))?;
        let issuer = self.by_name.get(name).ok_or(Refusal::UnknownIssuer)?;
        let claims = token.verify(&issuer.key)?;
        issuer.account(claims, self.clock.now())
    }
}

#[async_trait]
impl Authenticator for Issuers {
    async fn authenticate(&self, token: &str) -> Result<Account, AuthenticationFailed> {
        self.account(token).map_err(|refusal| AuthenticationFailed(refusal.into()))
    }
}

impl Issuer {
    /// By how much clocks may differ, if nothing else is said.
    pub const LEEWAY: Duration = Duration::from_secs(30);

    /// An issuer whose tokens must have an end, with [`LEEWAY`](Self::LEEWAY).
    #[must_use]
    pub fn new(key: VerificationKey, audiences: HashSet<Audience>) -> Self {
        Self { key, audiences, requires_exp: true, leeway: Self::LEEWAY }
    }

    /// The account that verified claims stand for, if they count at the moment `now`.
    fn account(&self, claims: Claims, now: Timestamp) -> Result<Account, Refusal> {
        if self.requires_exp && claims.exp.is_none() {
            return Err(Refusal::Missing("exp"));
        }
        if claims.has_expired(now, self.leeway) {
            return Err(Refusal::Expired);
        }
        if claims.is_not_valid_yet(now, self.leeway) {
            return Err(Refusal::NotValidYet);
        }

        let aud = claims.aud.ok_or(Refusal::Missing("aud"))?;
        let audience: Audience = aud
            .as_str()
            .parse()
            .map_err(|error| Refusal::InvalidAccount(InvalidAccount::Audience(error)))?;
        if !self.audiences.contains(&audience) {
            return Err(Refusal::ForeignAudience(audience));
        }
        let label = claims.sub.ok_or(Refusal::Missing("sub"))?;
        Account::new(&label, audience).map_err(Refusal::InvalidAccount)
    }
}
