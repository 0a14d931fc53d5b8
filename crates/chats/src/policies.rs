//! How each audience decides who may do what.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::Result;
use chats_access::{
    HttpClientError, HttpClients, Policy, Record, TenantPolicy, TenantPolicyError,
    TenantPolicySettings, Whitelist,
};
use chats_domain::ports::Cause;
use chats_domain::values::{Account, Audience};

use crate::adapters::SystemClock;
use crate::config::{AudiencePolicy, ConfigError, Loaded, PolicyName};
use crate::identity::OwnAccount;

/// Reads the policy of an audience. If its tenant is asked, that is by our `own` account, and by one of
/// `clients`.
pub(crate) fn read(
    audience: &Audience,
    settings: &AudiencePolicy,
    own: Option<&OwnAccount>,
    clients: &HttpClients,
    loaded: &Loaded,
) -> Result<Policy> {
    let section = Section { audience, settings, loaded };
    section.check_that_all_goes_with_the_policy()?;
    match settings.policy {
        PolicyName::None => Ok(Policy::None),
        PolicyName::Local => {
            section.required("trusted", settings.trusted.as_ref())?;
            Ok(Policy::Local { trusted: section.trusted() })
        }
        PolicyName::LocalWhitelist => Ok(Policy::LocalWhitelist(section.whitelist()?)),
        PolicyName::Http => Ok(Policy::Http(Arc::new(section.tenant_policy(own, clients)?))),
    }
}

/// What the configuration says of one audience.
struct Section<'a> {
    audience: &'a Audience,
    settings: &'a AudiencePolicy,
    loaded: &'a Loaded,
}

impl<'a> Section<'a> {
    fn check_that_all_goes_with_the_policy(&self) -> Result<(), ConfigError> {
        use PolicyName::{Http, Local, LocalWhitelist};
        let it = self.settings;
        let known: [(&str, bool, &[PolicyName]); _] = [
            ("trusted", it.trusted.is_some(), &[Local, Http]),
            ("records", it.records.is_some(), &[LocalWhitelist]),
            ("uri", it.uri.is_some(), &[Http]),
            ("ca", it.ca_file().is_some(), &[Http]),
            ("timeout", it.timeout.is_some(), &[Http]),
            ("retries", it.retries.is_some(), &[Http]),
            ("concurrency", it.concurrency.is_some(), &[Http]),
            ("cache_yes", it.cache_yes.is_some(), &[Http]),
            ("cache_no", it.cache_no.is_some(), &[Http]),
            ("cache_size", it.cache_size.is_some(), &[Http]),
        ];
        let stranger =
            known.iter().find(|(_, is_given, with)| *is_given && !with.contains(&it.policy));
        match stranger {
            Some((setting, ..)) => Err(self.error(setting, "does not go with this policy")),
            None => Ok(()),
        }
    }

    fn whitelist(&self) -> Result<Whitelist, ConfigError> {
        let (mut records, mut errors) = (Vec::new(), Vec::new());
        let written = self.required("records", self.settings.records.as_ref())?;
        for (number, record) in (1..).zip(written) {
            match Record::parse(record.account.0.clone(), &record.object, &record.action) {
                Ok(record) => records.push(record),
                Err(reason) => errors.push(format!("record {number} {reason}")),
            }
        }
        if !errors.is_empty() {
            return Err(self.error("records", errors.join("; ")));
        }
        Ok(records.into_iter().collect())
    }

    fn tenant_policy(
        &self,
        own: Option<&OwnAccount>,
        clients: &HttpClients,
    ) -> Result<TenantPolicy> {
        let it = self.settings;
        let uri = self.required("uri", it.uri.as_ref())?;
        let Some(own) = own else {
            let audience = self.audience;
            let reason =
                format!("is missing, but the tenant of {audience} is asked as its account");
            return Err(self.loaded.error("identity", reason).into());
        };
        if it.ca_file().is_some() && uri.0.scheme() == "http" {
            return Err(self.error("ca", "goes with https alone").into());
        }
        let defaults = TenantPolicySettings::new(self.audience.clone(), uri.0.clone());
        let ca = it.ca_file().map(|file| self.loaded.read_file(&self.setting("ca"), &file));
        let settings = TenantPolicySettings {
            extra_roots: ca.transpose()?,
            trusted: self.trusted(),
            timeout: it.timeout.unwrap_or(defaults.timeout),
            retries: it.retries.unwrap_or(defaults.retries),
            concurrency: it.concurrency.unwrap_or(defaults.concurrency),
            cache_yes: it.cache_yes.unwrap_or(defaults.cache_yes),
            cache_no: it.cache_no.unwrap_or(defaults.cache_no),
            cache_size: it.cache_size.unwrap_or(defaults.cache_size),
            ..defaults
        };
        // Whoever has been allowed in may still have to open the room.
        let config = &self.loaded.config;
        let needed = settings.longest_wait().saturating_add(config.event.timeout);
        if needed >= config.http.deadline {
            let reason = "is too long: all tries and event.timeout have to fit into http.deadline";
            return Err(self.error("timeout", reason).into());
        }
        let signer = own.signer(Arc::new(SystemClock));
        let policy = TenantPolicy::new(settings, own.account.clone(), signer, clients);
        policy.map_err(|error| match error {
            TenantPolicyError::Uri(_) => self.error("uri", error).into(),
            TenantPolicyError::HttpClient(HttpClientError::ExtraRoots) => {
                self.error("ca", error).into()
            }
            TenantPolicyError::Timeout => self.error("timeout", error).into(),
            error => anyhow::Error::new(error),
        })
    }

    fn trusted(&self) -> HashSet<Account> {
        self.settings.trusted.iter().flatten().map(|account| account.0.clone()).collect()
    }

    fn required<T>(&self, setting: &str, value: Option<&'a T>) -> Result<&'a T, ConfigError> {
        value.ok_or_else(|| self.error(setting, "is missing"))
    }

    fn error(&self, setting: &str, reason: impl Into<Cause>) -> ConfigError {
        self.loaded.error(&self.setting(setting), reason)
    }

    fn setting(&self, name: &str) -> String {
        format!("audiences.{}.{name}", self.audience)
    }
}
