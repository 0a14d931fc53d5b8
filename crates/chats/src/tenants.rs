//! Who may come in, and who may do what: the issuers and the policies that the configuration names.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use anyhow::Result;
use chats_access::{Algorithm, Issuer, Policy, Record, VerificationKey};
use chats_domain::values::Audience;

use crate::config::{self, AudiencePolicy, ConfigError, Loaded, PolicyName};
use crate::development;

/// The issuers by their names, and the policies by their audiences.
pub(crate) struct Tenants {
    pub(crate) issuers: HashMap<String, Issuer>,
    pub(crate) policies: HashMap<Audience, Policy>,
    /// Whether they are the development issuer and its audience, for want of others.
    pub(crate) are_for_development: bool,
}

/// Reads the issuers' keys and the audiences' policies.
pub(crate) fn read(loaded: &Loaded) -> Result<Tenants> {
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
    let issuers = config.issuers.iter().map(|(name, settings)| {
        let issuer = issuer(name, settings, loaded)?;
        Ok((name.clone(), issuer))
    });
    let policies = config.audiences.iter().map(|(audience, settings)| {
        let policy = policy(audience.0.as_str(), settings, loaded)?;
        Ok((audience.0.clone(), policy))
    });
    Ok(Tenants {
        issuers: issuers.collect::<Result<_, ConfigError>>()?,
        policies: policies.collect::<Result<_, ConfigError>>()?,
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

/// Reads the key file that stands in the setting `key`.
pub(crate) fn read_key_file(
    key: &str,
    file: &Path,
    loaded: &Loaded,
) -> Result<Vec<u8>, ConfigError> {
    fs::read(file)
        .map_err(|error| loaded.error(key, format!("cannot read {}: {error}", file.display())))
}

fn issuer(name: &str, settings: &config::Issuer, loaded: &Loaded) -> Result<Issuer, ConfigError> {
    let key = format!("issuers.{name}.key");
    let bytes = read_key_file(&key, &settings.key_file(), loaded)?;
    let verification_key = VerificationKey::parse(settings.algorithm, &bytes)
        .map_err(|error| loaded.error(&key, format!("the key {error}")))?;
    let audiences = settings.audiences.iter().map(|audience| audience.0.clone()).collect();
    Ok(Issuer { requires_exp: settings.require_exp, ..Issuer::new(verification_key, audiences) })
}

fn policy(
    audience: &str,
    settings: &AudiencePolicy,
    loaded: &Loaded,
) -> Result<Policy, ConfigError> {
    let AudiencePolicy { policy, trusted, records } = settings;
    let error = |setting: &str, reason: &str| {
        Err(loaded.error(&format!("audiences.{audience}.{setting}"), reason))
    };
    match (policy, trusted, records) {
        (PolicyName::None, None, None) => Ok(Policy::None),
        (PolicyName::Local, Some(trusted), None) => {
            Ok(Policy::Local { trusted: trusted.iter().map(|account| account.0.clone()).collect() })
        }
        (PolicyName::LocalWhitelist, None, Some(records)) => {
            let key = format!("audiences.{audience}.records");
            let records = records.iter().map(|record| {
                Record::parse(record.account.0.clone(), &record.object, &record.action)
                    .map_err(|reason| loaded.error(&key, format!("a record {reason}")))
            });
            Ok(Policy::LocalWhitelist(records.collect::<Result<_, _>>()?))
        }
        (PolicyName::Local, None, _) => error("trusted", "is missing"),
        (PolicyName::LocalWhitelist, _, None) => error("records", "is missing"),
        (_, Some(_), _) => error("trusted", "does not go with this policy"),
        (_, _, Some(_)) => error("records", "does not go with this policy"),
    }
}
