use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chats_domain::values::{Account, Audience};

use super::Check;
use crate::config::{AudiencePolicy, Config, Issuer, PolicyName};
use crate::identity::OwnAccount;
use crate::policies;
use crate::warning::Warning;

/// For so long nobody minds that what was granted, or a key, counts on.
const LONGEST_CACHE_YES: Duration = Duration::from_hours(1);
const LONGEST_JWKS_MAX_AGE: Duration = Duration::from_hours(7 * 24);

impl Check<'_> {
    /// Reads the policies, and tells of those that are perhaps not meant.
    pub(super) fn audiences(&mut self) {
        let clients = Arc::clone(&self.clients);
        let audiences: Vec<_> = self.loaded.config.audiences.keys().cloned().collect();
        for audience in &audiences {
            self.part(&format!("audiences.{}", audience.0), |it| {
                let Some(settings) = it.config.audiences.get(audience) else {
                    return Ok(String::new());
                };
                // Nobody else needs to know who we are.
                let own = match settings.policy {
                    PolicyName::Http => OwnAccount::configured(it)?,
                    _ => None,
                };
                policies::read(&audience.0, settings, own.as_ref(), &clients, it)?;
                Ok(format!("the policy {}", settings.policy.as_str()))
            });
        }
        for Warning { setting, says } in self.warnings() {
            self.report.warning(&setting, &says);
        }
    }

    /// What of issuers and audiences works, and is perhaps not meant.
    fn warnings(&self) -> Vec<Warning> {
        let config = &self.loaded.config;
        let issuers = config.issuers.iter();
        let audiences = config.audiences.iter();
        let mut warnings: Vec<_> = issuers.flat_map(|(name, it)| of_issuer(name, it)).collect();
        warnings.extend(audiences.flat_map(|(name, it)| of_audience(&name.0, it)));
        // What was put aside would be missed.
        if !self.survey.is_known(&["issuers"]) && !self.survey.is_known(&["audiences"]) {
            warnings.extend(of_who_is_missing(config));
        }
        warnings
    }
}

fn of_issuer(name: &str, issuer: &Issuer) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if !issuer.require_exp {
        let says = "a token without an end counts for ever, for nothing can call it back";
        warnings.push(Warning::new(format!("issuers.{name}.require_exp"), says));
    }
    if issuer.jwks_max_age.is_some_and(|age| age > LONGEST_JWKS_MAX_AGE) {
        let says = "while the set cannot be fetched, a revoked key counts for more than a week";
        warnings.push(Warning::new(format!("issuers.{name}.jwks_max_age"), says));
    }
    warnings
}

fn of_audience(name: &Audience, audience: &AudiencePolicy) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if audience.policy == PolicyName::None {
        let says = "every account of every issuer may do everything here";
        warnings.push(Warning::new(format!("audiences.{name}.policy"), says));
    }
    if audience.cache_yes.is_some_and(|time| time > LONGEST_CACHE_YES) {
        let says = "whom the tenant shuts out is let in for more than an hour";
        warnings.push(Warning::new(format!("audiences.{name}.cache_yes"), says));
    }
    warnings
}

/// Where there are neither issuers nor audiences, there are those of development.
fn of_who_is_missing(config: &Config) -> Vec<Warning> {
    match (config.issuers.is_empty(), config.audiences.is_empty()) {
        (true, true) => return Vec::new(),
        (true, false) => return vec![Warning::new("issuers", "are none, so that no token counts")],
        (false, true) => {
            return vec![Warning::new("audiences", "are none, so that nobody may do anything")];
        }
        (false, false) => {}
    }
    let issuers = config.issuers.values();
    let spoken_for: BTreeSet<_> =
        issuers.flat_map(|issuer| &issuer.audiences).map(|audience| &audience.0).collect();
    let mut warnings = Vec::new();
    for (audience, settings) in &config.audiences {
        let name = format!("audiences.{}", audience.0);
        if !spoken_for.contains(&audience.0) {
            let says = "no issuer speaks for it, so that no account of its own can call";
            warnings.push(Warning::new(&name, says));
        }
        let strangers: BTreeSet<_> = accounts(settings)
            .filter(|account| *account.audience() != audience.0)
            .filter(|account| !spoken_for.contains(account.audience()))
            .map(ToString::to_string)
            .collect();
        if !strangers.is_empty() {
            let strangers = Vec::from_iter(strangers).join(", ");
            let says = format!("no issuer speaks for the audience of {strangers}");
            warnings.push(Warning::new(name, says));
        }
    }
    warnings
}

/// The accounts that a policy names.
fn accounts(settings: &AudiencePolicy) -> impl Iterator<Item = &Account> {
    let trusted = settings.trusted.iter().flatten();
    let listed = settings.records.iter().flatten().map(|record| &record.account);
    trusted.chain(listed).map(|account| &account.0)
}
