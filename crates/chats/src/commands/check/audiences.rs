use std::collections::BTreeSet;
use std::sync::Arc;

use chats_domain::values::{Account, Audience};

use super::Check;
use crate::config::{AudiencePolicy, Loaded, PolicyName};
use crate::identity::OwnAccount;
use crate::policies;

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
        for (name, says) in warnings(&self.loaded, self.survey.is_known(&["issuers"])) {
            self.report.warning(&name, &says);
        }
    }
}

fn warnings(loaded: &Loaded, lacks_issuers: bool) -> Vec<(String, String)> {
    let config = &loaded.config;
    let mut warnings = Vec::new();
    for (name, issuer) in &config.issuers {
        if !issuer.require_exp {
            let says = "a token without an end counts for ever, for nothing can call it back";
            warnings.push((format!("issuers.{name}.require_exp"), says.to_owned()));
        }
    }
    let spoken_for: BTreeSet<&Audience> =
        config.issuers.values().flat_map(|issuer| &issuer.audiences).map(|it| &it.0).collect();
    for (audience, settings) in &config.audiences {
        let name = format!("audiences.{}", audience.0);
        if settings.policy == PolicyName::None {
            let says = "every account of every issuer may do everything here";
            warnings.push((format!("{name}.policy"), says.to_owned()));
        }
        if lacks_issuers {
            continue;
        }
        let strangers: BTreeSet<_> = accounts(settings)
            .filter(|account| !spoken_for.contains(account.audience()))
            .map(ToString::to_string)
            .collect();
        if !strangers.is_empty() {
            let strangers = Vec::from_iter(strangers).join(", ");
            let says = format!("no issuer speaks for the audience of {strangers}");
            warnings.push((name, says));
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
