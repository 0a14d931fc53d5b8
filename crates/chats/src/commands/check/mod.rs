//! Says all that is wrong, in one go. What `serve` would read is read by the same readers.

mod audiences;
mod report;
mod surroundings;

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Error, Result};
use chats_access::{HttpClients, Issuer};

use self::report::{Report, ok};
use crate::adapters::SystemClock;
use crate::cli::CheckArgs;
use crate::config::{Flags, Loaded, Survey};
use crate::identity::OwnAccount;
use crate::in_the_clear::InTheClear;
use crate::issuers::{self, Look};
use crate::{
    database, development, event_service, http, in_the_clear, telemetry, tenants, timing, tls,
};

/// Reads a configuration and all that it names, and prints a line on each. Fails if something is wrong.
pub(crate) async fn check(flags: &Flags, args: &CheckArgs) -> Result<()> {
    let mut report = Report::default();
    let mut survey = Survey::new(flags);
    let (loaded, errors) = survey.load();
    let are_well = errors.is_empty();
    for error in errors {
        report.wrong(&error.into());
    }
    let Some(loaded) = loaded else {
        return report.conclusion();
    };
    if are_well {
        let file = flags.file().map(|file| file.display().to_string());
        ok("settings", &file.unwrap_or_else(|| "no file".to_owned()));
    }

    let mut check = Check { survey, loaded, clients: Arc::default(), report };
    check.what_serves();
    check.what_it_stands_on();
    let looks = check.issuers();
    check.audiences();
    check.what_passes_in_the_clear();
    let issuers = check.keys(looks, args.offline).await;
    check.own_tokens(&issuers).await;
    if !args.offline {
        check.database().await;
        check.event_service().await;
        check.hosts_of_tenants().await;
    }
    check.report.conclusion()
}

/// A check under way.
struct Check<'f> {
    survey: Survey<'f>,
    /// What can be read of the settings.
    loaded: Loaded,
    clients: Arc<HttpClients>,
    report: Report,
}

impl Check<'_> {
    /// Reads a part of the settings, and reports on it. `read` tells what there is to say if all is well.
    fn part(&mut self, subject: &str, read: impl Fn(&Loaded) -> Result<String>) {
        let errors = self.survey.of_part(&read);
        for error in &errors {
            self.report.wrong(error);
        }
        if let (true, Ok(says)) = (errors.is_empty(), read(&self.loaded)) {
            ok(subject, &says);
        }
    }

    fn what_serves(&mut self) {
        self.part("log", |it| {
            telemetry::read(it)?;
            Ok("the filter can be read".to_owned())
        });
        self.part("timing", |it| {
            timing::read(it)?;
            Ok("deadline, time-outs and leases fit together".to_owned())
        });
        self.part("http", |it| {
            http::read(it)?;
            Ok(format!("to listen on {}", it.config.http.listen))
        });
        if self.loaded.config.http.tls.is_some() {
            self.part("http.tls", |it| {
                tls::read(it)?;
                Ok("the certificate and its key can be served".to_owned())
            });
        }
    }

    fn what_it_stands_on(&mut self) {
        self.part("database.url", |it| Ok(database::read(it)?.to_string()));
        if self.loaded.config.identity.is_some() {
            self.part("identity", |it| {
                let own = OwnAccount::configured(it)?;
                Ok(own.map_or_else(String::new, |own| own.account.to_string()))
            });
        }
        self.part("event.url", |it| {
            event_service::read(it, OwnAccount::configured(it)?.as_ref())?;
            Ok(it.config.event.url.clone())
        });
        let has_key = self.loaded.config.data_dir().join("development.key").exists();
        if has_key {
            self.part("development.key", |it| {
                development::key(&it.config.data_dir())?;
                Ok("can sign".to_owned())
            });
        }
    }

    /// Reads the issuers. Returns where their keys are.
    fn issuers(&mut self) -> Vec<(String, Look)> {
        // What was put aside would be missed.
        if !self.survey.is_known(&["issuers"]) && !self.survey.is_known(&["audiences"]) {
            self.part("tenants", |it| {
                let config = &it.config;
                Ok(if tenants::is_development(it)? {
                    format!("{}, open to the development issuer", development::AUDIENCE)
                } else {
                    format!(
                        "audiences: {}, issuers: {}",
                        config.audiences.len(),
                        config.issuers.len()
                    )
                })
            });
        }
        let names: Vec<_> = self.loaded.config.issuers.keys().cloned().collect();
        let clients = Arc::clone(&self.clients);
        let mut looks = Vec::new();
        for name in names {
            let look = |it: &Loaded| {
                let settings = it.config.issuers.get(&name);
                settings.map(|settings| issuers::look(&name, settings, &clients, it)).transpose()
            };
            let errors = self.survey.of_part(|it| Ok(look(it)?));
            for error in &errors {
                self.report.wrong(error);
            }
            if let (true, Ok(Some(look))) = (errors.is_empty(), look(&self.loaded)) {
                looks.push((name, look));
            }
        }
        looks
    }

    fn what_passes_in_the_clear(&mut self) {
        for InTheClear { setting, says } in in_the_clear::find(&self.loaded.config) {
            self.report.warning(&setting, says);
        }
    }

    /// Our own tokens are verified by whoever has this configuration and is called by us, such as
    /// `chats event`. An issuer of the same name would stand in the way.
    async fn own_tokens(&mut self, issuers: &HashMap<String, Issuer>) {
        let Ok(Some(own)) = OwnAccount::configured(&self.loaded) else {
            return;
        };
        let Some(issuer) = issuers.get(&own.issuer) else {
            return;
        };
        if let Err(error) = own.is_known_to(issuer, SystemClock).await {
            let issuer = &own.issuer;
            let reason = format!(
                "{issuer} is also one of the issuers, which does not take our tokens: {error}"
            );
            self.report.warning("identity.issuer", &reason);
        }
    }

    /// What is wrong with a setting that can be read.
    fn wrong(&mut self, setting: &str, reason: String) {
        self.report.wrong(&Error::new(self.loaded.error(setting, reason)));
    }
}
