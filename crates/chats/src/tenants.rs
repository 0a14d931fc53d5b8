//! Who may come in, and who may do what: the issuers and the policies that the configuration names.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use chats_access::{Algorithm, HttpClients, Issuer, Policy, VerificationKey};
use chats_domain::values::Audience;

use crate::config::{ConfigError, Loaded};
use crate::identity::OwnAccount;
use crate::{development, issuers, policies};

/// The issuers by their names, and the policies by their audiences.
pub(crate) struct Tenants {
    pub(crate) issuers: HashMap<String, Issuer>,
    pub(crate) policies: HashMap<Audience, Policy>,
    /// Whether they are the development issuer and its audience, for want of others.
    pub(crate) are_for_development: bool,
}

/// Reads the issuers' keys and the audiences' policies. Tenants are asked by our `own` account.
pub(crate) fn read(loaded: &Loaded, own: Option<&OwnAccount>) -> Result<Tenants> {
    if is_development(loaded)? {
        let audience: Audience = development::AUDIENCE.parse()?;
        let key = development::key(&loaded.config.data_dir())?;
        let issuer = development_issuer(&key, audience.clone())?;
        return Ok(Tenants {
            issuers: HashMap::from([(development::ISSUER.to_owned(), issuer)]),
            policies: HashMap::from([(audience, Policy::None)]),
            are_for_development: true,
        });
    }
    let config = &loaded.config;
    let clients = HttpClients::default();
    let issuers = config.issuers.iter().map(|(name, settings)| {
        let issuer = issuers::read(name, settings, &clients, loaded)?;
        Ok((name.clone(), issuer))
    });
    let policies = config.audiences.iter().map(|(audience, settings)| {
        let policy = policies::read(&audience.0, settings, own, &clients, loaded)?;
        Ok((audience.0.clone(), policy))
    });
    Ok(Tenants {
        issuers: issuers.collect::<Result<_, ConfigError>>()?,
        policies: policies.collect::<Result<_>>()?,
        are_for_development: false,
    })
}

/// Whether the development issuer and its audience exist: only where the configuration names none, and
/// only for callers on this machine.
pub(crate) fn is_development(loaded: &Loaded) -> Result<bool, ConfigError> {
    let config = &loaded.config;
    if !config.issuers.is_empty() || !config.audiences.is_empty() {
        return Ok(false);
    }
    for (key, address) in
        [("http.listen", config.http.listen), ("event.listen", config.event.listen)]
    {
        if !address.ip().is_loopback() {
            let reason = "is no loopback address, and without issuers and audiences the configuration \
                          lets everyone in who reaches it: name them, or listen on 127.0.0.1";
            return Err(loaded.error(key, reason));
        }
    }
    Ok(true)
}

/// An issuer that signs with the development key.
pub(crate) fn development_issuer(key: &[u8], audience: Audience) -> Result<Issuer> {
    let key = VerificationKey::parse(Algorithm::Hs256, key)?;
    Ok(Issuer::new(key, HashSet::from([audience])))
}
