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
use crate::issuers::{self, Look};
use crate::tls::{self, Concern};
use crate::warning::Warning;
use crate::{
    database, development, event_service, http, in_the_clear, key_files, open_files, telemetry,
    tenants, timing,
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
    check.what_is_perhaps_not_meant();
    let issuers = check.keys(looks, args.offline).await;
    check.own_tokens(&issuers).await;
    if !args.offline {
        check.database().await;
        check.replica().await;
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
    /// Reads a part of the settings, and reports on it. `read` tells what there is to say if all is well: nothing, if
    /// the part is not there.
    fn part<S>(&mut self, subject: &str, read: impl Fn(&Loaded) -> Result<S>)
    where
        S: Into<Option<String>>,
    {
        let errors = self.survey.of_part(&read);
        for error in &errors {
            self.report.wrong(error);
        }
        let says = read(&self.loaded).map(Into::into);
        if let (true, Ok(Some(says))) = (errors.is_empty(), says) {
            ok(subject, &says);
        }
    }

    fn what_serves(&mut self) {
        self.part("log", |it| {
            telemetry::filter(it)?;
            telemetry::traces(it)?;
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
                match tls::read(it)?.and_then(|it| it.certificate.concern()) {
                    Some(Concern { is_wrong: true, says }) => {
                        Err(it.error(tls::CERTIFICATE, says).into())
                    }
                    _ => Ok("the certificate and its key can be served".to_owned()),
                }
            });
        }
    }

    fn what_it_stands_on(&mut self) {
        self.part("database.url", |it| Ok(database::read(it)?.to_string()));
        self.part("database.replica_url", |it| {
            Ok(database::read_replica(it)?.map(|replica| replica.to_string()))
        });
        self.part("identity", |it| {
            Ok(OwnAccount::configured(it)?.map(|own| own.account.to_string()))
        });
        self.part("event.url", |it| {
            event_service::read(it, OwnAccount::configured(it)?.as_ref())?;
            Ok(it.config.event.url.clone())
        });
        let has_key = development::key_file(&self.loaded.config.data_dir()).exists();
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

    /// Points out what `serve` would warn of.
    fn what_is_perhaps_not_meant(&mut self) {
        let config = &self.loaded.config;
        let certificate = tls::read(&self.loaded).ok().flatten();
        let concern = certificate.and_then(|tls| tls.certificate.concern());
        let warnings = in_the_clear::find(config)
            .into_iter()
            .chain(key_files::find_open(config))
            .chain(open_files::make_room_for(config.http.max_connections).warning)
            // One that counts no more is wrong, and told of already.
            .chain(concern.filter(|it| !it.is_wrong).map(Warning::from));
        for Warning { setting, says } in warnings {
            self.report.warning(&setting, &says);
        }
    }

    /// Our own tokens are verified by whoever has this configuration and is called by us, such as
    /// `chats event`: an issuer of the same name would stand in the way. Whoever else is called by us could
    /// use them here, if such an issuer took them.
    async fn own_tokens(&mut self, issuers: &HashMap<String, Issuer>) {
        let Ok(Some(own)) = OwnAccount::configured(&self.loaded) else {
            return;
        };
        let Some(issuer) = issuers.get(&own.issuer) else {
            return;
        };
        let (issuer, taken) = (&own.issuer, own.is_known_to(issuer, SystemClock).await);
        let is_remote = event_service::is_remote(&self.loaded.config);
        let reason = match taken {
            Ok(()) if is_remote => format!(
                "{issuer} is also one of the issuers, which takes our tokens: the event service that we send \
                 them to can call here as {}",
                own.account
            ),
            Err(error) if !is_remote => format!(
                "{issuer} is also one of the issuers, which does not take our tokens: {error}"
            ),
            _ => return,
        };
        self.report.warning("identity.issuer", &reason);
    }

    /// What is wrong with a setting that can be read.
    fn wrong(&mut self, setting: &str, reason: String) {
        self.report.wrong(&Error::new(self.loaded.error(setting, reason)));
    }
}
