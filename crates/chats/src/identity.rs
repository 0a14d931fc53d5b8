//! Who we are to the services that we call.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use anyhow::{Result, anyhow};
use chats_access::{Algorithm, Identity, Issuer, Issuers, Signer, SigningKey};
use chats_domain::ports::{AuthenticationError, Authenticator, Clock};
use chats_domain::values::Account;

use crate::adapters::IdentityTokens;
use crate::config::{ConfigError, Loaded};
use crate::development;
use crate::error_chain::chain;

/// Who signs our tokens for the embedded event service. Its key is that of the data directory.
const EMBEDDED_ISSUER: &str = "urn:chats:embedded";

/// Our account with the embedded event service.
const EMBEDDED_ACCOUNT: &str = "chats.svc.example.org";

/// Our account: the one that the configuration names, or else that with the embedded event service. Who only
/// needs its name needs no key.
pub(crate) fn account(loaded: &Loaded) -> Result<Account> {
    match &loaded.config.identity {
        Some(identity) => Ok(identity.account.0.clone()),
        None => Ok(EMBEDDED_ACCOUNT.parse()?),
    }
}

/// An account of ours, and what signs its tokens.
pub(crate) struct OwnAccount {
    pub(crate) account: Account,
    pub(crate) issuer: String,
    key: SigningKey,
}

impl OwnAccount {
    /// The account that the configuration names, if it does.
    pub(crate) fn configured(loaded: &Loaded) -> Result<Option<Self>, ConfigError> {
        let Some(identity) = &loaded.config.identity else {
            return Ok(None);
        };
        let bytes = loaded.read_file("identity.key", &identity.key_file())?;
        let key = SigningKey::parse(identity.algorithm, &bytes)
            .map_err(|error| loaded.error("identity.key", format!("the key {error}")))?;
        let (account, issuer) = (identity.account.0.clone(), identity.issuer.clone());
        Ok(Some(Self { account, issuer, key }))
    }

    /// The account that the embedded event service knows without being told.
    pub(crate) fn of_data_dir(loaded: &Loaded) -> Result<Self> {
        let key = development::key(&loaded.config.data_dir())?;
        Ok(Self {
            account: EMBEDDED_ACCOUNT.parse()?,
            issuer: EMBEDDED_ISSUER.to_owned(),
            key: SigningKey::parse(Algorithm::Hs256, &key)?,
        })
    }

    /// Signs tokens for this account.
    pub(crate) fn signer(&self, clock: Arc<dyn Clock>) -> Signer {
        Signer::new(self.issuer.clone(), self.key.clone(), clock)
    }

    /// The account's tokens for the event service.
    pub(crate) fn tokens(&self, clock: Arc<dyn Clock>) -> IdentityTokens {
        IdentityTokens(Identity::new(self.signer(clock), self.account.clone()))
    }

    /// Whether an issuer that is known by our issuer's name takes our tokens for what they are.
    pub(crate) async fn is_known_to(
        &self,
        issuer: &Issuer,
        clock: impl Clock + 'static,
    ) -> Result<()> {
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let token =
            self.signer(Arc::clone(&clock)).sign(&self.account, Identity::TOKEN_LIFETIME)?;
        let known = HashMap::from([(self.issuer.clone(), issuer.clone())]);
        let account = Issuers::new(known, clock).authenticate(&token).await;
        account.map(drop).map_err(|error| match error {
            AuthenticationError::Refused(cause) | AuthenticationError::Unavailable(cause) => {
                anyhow!("{}", chain(&*cause))
            }
        })
    }

    /// What who receives our tokens knows of us.
    pub(crate) fn as_issuer(&self) -> Result<Issuer> {
        let audiences = HashSet::from([self.account.audience().clone()]);
        Ok(Issuer::new(self.key.verification_key()?, audiences))
    }
}
