//! Whose tokens count: the issuers and their keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chats_access::{
    HttpClientError, HttpClients, Issuer, IssuerKeys, Jwks, JwksError, JwksLook, JwksSettings,
    JwksSource, VerificationKey,
};
use chats_domain::ports::Cause;
use figment::value::magic::RelativePathBuf;
use url::Url;

use crate::adapters::SystemClock;
use crate::config::{self, ConfigError, Loaded};
use crate::error_chain::chain;

/// No clock that anybody looks after differs more, and a token counts for so much longer than it says.
const LONGEST_LEEWAY: Duration = Duration::from_mins(5);

/// Reads an issuer. If its keys are a set, that is fetched from now on.
pub(crate) fn read(
    name: &str,
    settings: &config::Issuer,
    clients: &HttpClients,
    loaded: &Loaded,
) -> Result<Issuer, ConfigError> {
    let section = Section { name, settings, clients, loaded };
    let audiences = settings.audiences.iter().map(|audience| audience.0.clone()).collect();
    Ok(Issuer {
        requires_exp: settings.require_exp,
        leeway: section.leeway()?,
        ..Issuer::new(section.keys()?, audiences)
    })
}

/// Reads an issuer as [`read`] does, to look at its keys once: at the set, if they are one.
pub(crate) fn look(
    name: &str,
    settings: &config::Issuer,
    clients: &HttpClients,
    loaded: &Loaded,
) -> Result<Look, ConfigError> {
    let section = Section { name, settings, clients, loaded };
    section.leeway()?;
    match section.source()? {
        Keys::One(_) => Ok(Look::One(read(name, settings, clients, loaded)?)),
        Keys::Set(source) => {
            let (source, settings) = section.jwks(source)?;
            let look = JwksLook::new(source, settings, clients);
            Ok(Look::Set(look.map_err(|error| section.jwks_error(&error))?))
        }
    }
}

/// What there is to look at.
pub(crate) enum Look {
    One(Issuer),
    Set(JwksLook),
}

/// Where an issuer's keys are.
enum Keys<'a> {
    One(PathBuf),
    Set(&'a RelativePathBuf),
}

/// What the configuration says of one issuer.
struct Section<'a> {
    name: &'a str,
    settings: &'a config::Issuer,
    clients: &'a HttpClients,
    loaded: &'a Loaded,
}

impl<'a> Section<'a> {
    fn leeway(&self) -> Result<Duration, ConfigError> {
        match self.settings.leeway {
            Some(leeway) if leeway > LONGEST_LEEWAY => {
                Err(self.error("leeway", "is longer than 5 minutes"))
            }
            leeway => Ok(leeway.unwrap_or(Issuer::LEEWAY)),
        }
    }

    fn keys(&self) -> Result<IssuerKeys, ConfigError> {
        match self.source()? {
            Keys::One(file) => Ok(self.one_key(&file)?.into()),
            Keys::Set(source) => Ok(self.set(source)?.into()),
        }
    }

    fn source(&self) -> Result<Keys<'a>, ConfigError> {
        match (self.settings.key_file(), &self.settings.jwks) {
            (Some(file), None) => {
                self.check_that_nothing_is_for_a_set()?;
                Ok(Keys::One(file))
            }
            (None, Some(source)) => Ok(Keys::Set(source)),
            (Some(_), Some(_)) => Err(self.error("jwks", "does not go with key")),
            (None, None) => {
                Err(self.error("key", "is missing; so is jwks, which could replace it"))
            }
        }
    }

    fn check_that_nothing_is_for_a_set(&self) -> Result<(), ConfigError> {
        let it = self.settings;
        let stranger = [
            ("jwks_refresh", it.jwks_refresh.is_some()),
            ("jwks_max_age", it.jwks_max_age.is_some()),
            ("jwks_cooldown", it.jwks_cooldown.is_some()),
            ("jwks_timeout", it.jwks_timeout.is_some()),
            ("jwks_ca", it.jwks_ca_file().is_some()),
        ]
        .into_iter()
        .find(|(_, is_given)| *is_given);
        match stranger {
            Some((setting, _)) => Err(self.error(setting, "goes with jwks alone")),
            None => Ok(()),
        }
    }

    fn one_key(&self, file: &Path) -> Result<VerificationKey, ConfigError> {
        let bytes = self.loaded.read_file(&self.setting("key"), file)?;
        VerificationKey::parse(self.settings.algorithm, &bytes)
            .map_err(|error| self.error("key", format!("the key {error}")))
    }

    fn set(&self, source: &RelativePathBuf) -> Result<Jwks, ConfigError> {
        let (source, settings) = self.jwks(source)?;
        Jwks::start(self.name, source, settings, self.clients, Arc::new(SystemClock))
            .map_err(|error| self.jwks_error(&error))
    }

    fn jwks(&self, source: &RelativePathBuf) -> Result<(JwksSource, JwksSettings), ConfigError> {
        let it = self.settings;
        let source = match source.original().to_str().filter(|text| text.contains("://")) {
            Some(url) => JwksSource::Url(Url::parse(url).map_err(|it| self.error("jwks", it))?),
            None => JwksSource::File(source.relative()),
        };
        let ca = it.jwks_ca_file();
        if ca.is_some() && matches!(&source, JwksSource::Url(url) if url.scheme() == "http") {
            return Err(self.error("jwks_ca", "goes with https alone"));
        }
        let ca = ca.map(|file| self.loaded.read_file(&self.setting("jwks_ca"), &file));
        let defaults = JwksSettings::new(it.algorithm);
        let settings = JwksSettings {
            algorithm: it.algorithm,
            refresh: it.jwks_refresh.unwrap_or(defaults.refresh),
            max_age: it.jwks_max_age.unwrap_or(defaults.max_age),
            cooldown: it.jwks_cooldown.unwrap_or(defaults.cooldown),
            timeout: it.jwks_timeout.unwrap_or(defaults.timeout),
            extra_roots: ca.transpose()?,
        };
        Ok((source, settings))
    }

    fn jwks_error(&self, error: &JwksError) -> ConfigError {
        let setting = match error {
            JwksError::Refresh => "jwks_refresh",
            JwksError::MaxAge => "jwks_max_age",
            JwksError::Cooldown => "jwks_cooldown",
            JwksError::Timeout => "jwks_timeout",
            JwksError::RootsOfFile | JwksError::HttpClient(HttpClientError::ExtraRoots) => {
                "jwks_ca"
            }
            _ => "jwks",
        };
        self.error(setting, chain(error))
    }

    fn setting(&self, name: &str) -> String {
        format!("issuers.{}.{name}", self.name)
    }

    fn error(&self, setting: &str, reason: impl Into<Cause>) -> ConfigError {
        self.loaded.error(&self.setting(setting), reason)
    }
}
