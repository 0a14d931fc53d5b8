use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chats_domain::ports::{AuthenticationError, Authenticator, Clock};
use chats_domain::values::{Account, Audience, InvalidAccount, Timestamp};

use crate::claims::Claims;
use crate::refusal::Refusal;
use crate::token::Unverified;
use crate::verified::{KeySource, TokenVerifier, Verified};
use crate::{Algorithm, Jwks, VerificationKey};

/// The issuers whose tokens count, each by its name: the tokens' `iss`.
pub struct Issuers {
    by_name: HashMap<String, Issuer>,
    clock: Arc<dyn Clock>,
}

/// What is known of an issuer.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// What verifies its tokens.
    pub keys: IssuerKeys,
    /// The audiences whose accounts it may speak for: its tokens' `aud`.
    pub audiences: HashSet<Audience>,
    /// Whether its tokens must have an end, `exp`. One that has an end is good until then in any case.
    pub requires_exp: bool,
    /// By how much its clock may differ from ours.
    pub leeway: Duration,
}

/// What verifies an issuer's tokens.
#[derive(Debug, Clone)]
pub enum IssuerKeys {
    /// One key, whatever a token calls it.
    One(Arc<VerificationKey>),
    /// A set that the issuer changes.
    Set(Arc<Jwks>),
}

impl Issuers {
    /// The issuers by their names. `clock` tells which tokens have expired.
    #[must_use]
    pub fn new(by_name: HashMap<String, Issuer>, clock: Arc<dyn Clock>) -> Self {
        Self { by_name, clock }
    }

    /// Verifies a token completely.
    async fn judge(&self, token: &str) -> Result<Verified, Refusal> {
        let token = Unverified::parse(token)?;
        let name = token.issuer().ok_or(Refusal::Missing("iss"))?;
        let issuer = self.by_name.get(name).ok_or(Refusal::UnknownIssuer)?;
        token.check_algorithm(issuer.keys.algorithm())?;
        let (key, source) = issuer.keys.find(token.key_id()).await?;
        let claims = token.verify(&key)?;
        issuer.check_claims(claims, source, self.clock.now())
    }
}

#[async_trait]
impl Authenticator for Issuers {
    async fn authenticate(&self, token: &str) -> Result<Account, AuthenticationError> {
        Ok(self.judge(token).await?.account)
    }
}

#[async_trait]
impl TokenVerifier for Issuers {
    async fn verify(&self, token: &str) -> Result<Verified, AuthenticationError> {
        Ok(self.judge(token).await?)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Issuer {
    /// By how much clocks may differ, if nothing else is said.
    pub const LEEWAY: Duration = Duration::from_secs(30);

    /// An issuer whose tokens must have an end, with [`LEEWAY`](Self::LEEWAY).
    #[must_use]
    pub fn new(keys: impl Into<IssuerKeys>, audiences: HashSet<Audience>) -> Self {
        Self { keys: keys.into(), audiences, requires_exp: true, leeway: Self::LEEWAY }
    }

    /// What claims say that a key of `source` has signed, if they count at the moment `now`.
    fn check_claims(
        &self,
        claims: Claims,
        source: KeySource,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        if self.requires_exp && claims.exp.is_none() {
            return Err(Refusal::Missing("exp"));
        }
        let period = claims.period(self.leeway);
        period.check(now)?;

        let aud = claims.aud.ok_or(Refusal::Missing("aud"))?;
        let audience: Audience = aud
            .as_str()
            .parse()
            .map_err(|error| Refusal::InvalidAccount(InvalidAccount::Audience(error)))?;
        if !self.audiences.contains(&audience) {
            return Err(Refusal::ForeignAudience(audience));
        }
        let label = claims.sub.ok_or(Refusal::Missing("sub"))?;
        let account = Account::new(&label, audience).map_err(Refusal::InvalidAccount)?;
        Ok(Verified { account, period, source })
    }
}

impl IssuerKeys {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::One(key) => key.algorithm(),
            Self::Set(jwks) => jwks.algorithm(),
        }
    }

    /// The key that a token names, if it names one. What is at hand is not waited for.
    async fn find(
        &self,
        key_id: Option<&str>,
    ) -> Result<(Arc<VerificationKey>, KeySource), Refusal> {
        match self {
            Self::One(key) => Ok((Arc::clone(key), KeySource::Configuration)),
            Self::Set(jwks) => {
                let (key, generation) = jwks.find(key_id).await?;
                Ok((key, KeySource::Set { jwks: Arc::clone(jwks), generation }))
            }
        }
    }
}

impl From<VerificationKey> for IssuerKeys {
    fn from(key: VerificationKey) -> Self {
        Self::One(Arc::new(key))
    }
}

impl From<Jwks> for IssuerKeys {
    fn from(jwks: Jwks) -> Self {
        Self::Set(Arc::new(jwks))
    }
}
