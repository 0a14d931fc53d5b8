use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::Clock;
use tokio::sync::watch;

use super::known::{Fetched, Known};
use super::set::{KeySet, SkippedKey};
use super::source::{FetchError, Source};
use super::{JwksError, JwksSettings, JwksSource};
use crate::HttpClients;

/// Fetches one set, alone: now and then, and when somebody waits for it.
pub(super) struct Refresh {
    issuer: String,
    source: Source,
    settings: JwksSettings,
    clock: Arc<dyn Clock>,
    known: watch::Sender<Known>,
    /// How long to pause before the next attempt, unless somebody waits for it.
    pause: Duration,
    /// What the log was told last of attempts that failed, unless one has gone well since.
    trouble: Option<Trouble>,
}

/// What it means that an attempt failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// The keys at hand are used meanwhile.
    KeysAtHand,
    /// There are none, or they are too old.
    NoKeys,
}

/// Why an attempt is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occasion {
    OwnAccord,
    Asked,
}

impl Refresh {
    pub(super) fn new(
        issuer: String,
        source: JwksSource,
        settings: JwksSettings,
        clients: &HttpClients,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JwksError> {
        let source = Source::new(source, &settings, clients)?;
        let known = watch::Sender::new(Known::default());
        Ok(Self { issuer, source, settings, clock, known, pause: Duration::ZERO, trouble: None })
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Known> {
        self.known.subscribe()
    }

    /// Takes the set at once, if it is in a file. A set without a key is of no use to begin with.
    pub(super) fn begin(&mut self) -> Result<(), JwksError> {
        let Some(body) = self.source.read_file() else {
            return Ok(());
        };
        let fetched = body.and_then(|body| self.take(&body)).map_err(JwksError::File)?;
        if fetched.set.is_empty() {
            return Err(JwksError::NoKeyInFile(self.settings.algorithm));
        }
        self.known.send_modify(|known| known.fetched = Some(fetched));
        self.pause = self.settings.refresh;
        Ok(())
    }

    /// Fetches the set for as long as there is anybody who could want it.
    pub(super) async fn run(mut self, mut wanted: watch::Receiver<u64>) {
        loop {
            let attempts = self.known.borrow().attempts;
            let occasion = tokio::select! {
                biased;
                () = self.clock.sleep(self.pause) => Occasion::OwnAccord,
                asked = wanted.wait_for(|attempt| *attempt > attempts) => match asked {
                    Ok(_) => Occasion::Asked,
                    Err(_) => return,
                },
            };
            self.attempt(occasion).await;
        }
    }

    async fn attempt(&mut self, occasion: Occasion) {
        let fetched = tokio::time::timeout(self.settings.timeout, self.source.fetch()).await;
        let fetched = fetched.unwrap_or(Err(FetchError::TimedOut));
        let taken = fetched.and_then(|body| self.take(&body));

        let now = self.clock.now();
        let went_well = taken.is_ok();
        self.pause = if went_well { self.settings.refresh } else { self.settings.cooldown };
        match &taken {
            Ok(_) => self.log_recovery(),
            Err(error) => self.log_failure(error),
        }
        self.known.send_modify(|known| {
            known.attempts += 1;
            known.rests_since = (occasion == Occasion::Asked || !went_well).then_some(now);
            known.fetched = taken.ok().or(known.fetched.take());
        });
    }

    /// The set in what was fetched. While its keys are still the same, it keeps its generation.
    fn take(&self, body: &[u8]) -> Result<Fetched, FetchError> {
        let set = KeySet::parse(self.settings.algorithm, body)?;
        let seen_at = self.clock.now();
        let before = self.known.borrow().fetched.clone();
        if !before.as_ref().is_some_and(|before| before.set.skips_like(&set)) {
            self.log_skipped(&set);
        }
        let generation = match before {
            Some(before) if before.set.has_keys_of(&set) => before.generation,
            before => {
                self.log_change(&set);
                before.map_or(1, |before| before.generation + 1)
            }
        };
        Ok(Fetched { set: Arc::new(set), generation, seen_at })
    }

    fn log_skipped(&self, set: &KeySet) {
        let issuer = &self.issuer;
        for SkippedKey { key_id, reason } in set.skipped() {
            tracing::warn!(issuer, ?key_id, %reason, "a key of the issuer's set is passed over");
        }
    }

    fn log_change(&self, set: &KeySet) {
        let issuer = &self.issuer;
        if set.is_empty() {
            tracing::warn!(issuer, "the issuer's set has no key left for its tokens");
        } else {
            tracing::info!(issuer, keys = set.len(), "the issuer's set of keys is new");
        }
    }

    fn log_recovery(&mut self) {
        if self.trouble.take().is_some() {
            tracing::info!(issuer = self.issuer, "the issuer's keys can be fetched again");
        }
    }

    /// Warns of what is news. A source that goes on failing is not.
    fn log_failure(&mut self, error: &FetchError) {
        let JwksSettings { max_age, .. } = self.settings;
        let issuer = &self.issuer;
        let error = error as &(dyn Error + 'static);
        let now = self.clock.now();
        let seen_at = self.known.borrow().fresh(now, max_age).map(|fetched| fetched.seen_at);
        let trouble = if seen_at.is_some() { Trouble::KeysAtHand } else { Trouble::NoKeys };
        if self.trouble.replace(trouble) == Some(trouble) {
            tracing::debug!(issuer, error, "the issuer's keys still cannot be fetched");
        } else if let Some(seen_at) = seen_at {
            let good_for_seconds = max_age.saturating_sub(now.since(seen_at)).as_secs();
            tracing::warn!(
                issuer,
                error,
                good_for_seconds,
                "the issuer's keys cannot be fetched; those at hand are used meanwhile"
            );
        } else {
            tracing::warn!(
                issuer,
                error,
                "the issuer's keys cannot be fetched, and its tokens do not count meanwhile"
            );
        }
    }
}
