//! An issuer's keys as it publishes them (RFC 7517), kept up to date in the background.

mod known;
mod look;
mod refresh;
mod set;
mod settings;
mod source;

use std::fmt;
use std::sync::Arc;

use chats_domain::ports::Clock;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::refusal::Refusal;
use crate::{Algorithm, HttpClients, VerificationKey};

use known::Known;
pub(crate) use look::read_set;
pub use look::{JwksContent, JwksLook};
use refresh::Refresh;
pub use settings::{JwksError, JwksSettings};
pub use source::{FetchError, JwksSource};

/// The keys of one issuer, in a set that it changes as it likes: a JWKS.
///
/// The set is fetched again and again, and used until it is too old: a key that has left it verifies
/// nothing any more, and a source that is down does no harm for a while. A token that names an unknown
/// key has the set fetched at once, and waits for it; then none has for a while, so that nobody can make
/// us ask more often.
///
/// Fetching ends when this is dropped.
pub struct Jwks {
    settings: JwksSettings,
    clock: Arc<dyn Clock>,
    known: watch::Receiver<Known>,
    /// The number of the attempt that somebody waits for.
    wanted: watch::Sender<u64>,
}

/// Why a key is not at hand.
struct Missing {
    refusal: Refusal,
    /// The attempt to fetch the set that may bring the key.
    next_attempt: Option<u64>,
}

impl Jwks {
    /// Starts to fetch the keys of `issuer`, which is named in the log, on the current tokio runtime; from a
    /// server, by one of `clients`.
    ///
    /// A file is read at once, and must hold a key for the algorithm. A server may be down: until it has
    /// answered, there are no keys.
    pub fn start(
        issuer: &str,
        source: JwksSource,
        settings: JwksSettings,
        clients: &HttpClients,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JwksError> {
        settings.check()?;
        let runtime = Handle::try_current().map_err(JwksError::NoRuntime)?;
        let mut refresh =
            Refresh::new(issuer.to_owned(), source, settings.clone(), clients, Arc::clone(&clock))?;
        refresh.begin()?;

        let known = refresh.subscribe();
        let wanted = watch::Sender::new(0);
        runtime.spawn(refresh.run(wanted.subscribe()));
        Ok(Self { settings, clock, known, wanted })
    }

    /// Rises with every change of the set: what a key verified at an earlier number may be verified no
    /// more. `None` while no set is at hand that is fresh enough.
    #[must_use]
    pub fn generation(&self) -> Option<u64> {
        let now = self.clock.now();
        self.known.borrow().fresh(now, self.settings.max_age).map(|set| set.generation)
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.settings.algorithm
    }

    /// The key that a token names, or the only one there is for a token that names none; and the
    /// generation of the set that it is of.
    ///
    /// It is waited for only if it is not at hand, and no longer than fetching the set takes.
    pub(crate) async fn find(
        &self,
        key_id: Option<&str>,
    ) -> Result<(Arc<VerificationKey>, u64), Refusal> {
        let missing = match self.at_hand(key_id) {
            Ok(key) => return Ok(key),
            Err(missing) => missing,
        };
        let Some(attempt) = missing.next_attempt else {
            return Err(missing.refusal);
        };
        self.wanted.send_if_modified(|wanted| {
            let is_news = *wanted < attempt;
            *wanted = attempt.max(*wanted);
            is_news
        });
        // It fails only if the runtime that fetches has ended. Then no key will come.
        let _ = self.known.clone().wait_for(|known| known.attempts >= attempt).await;
        self.at_hand(key_id).map_err(|missing| missing.refusal)
    }

    fn at_hand(&self, key_id: Option<&str>) -> Result<(Arc<VerificationKey>, u64), Missing> {
        let JwksSettings { max_age, cooldown, .. } = self.settings;
        let now = self.clock.now();
        let known = self.known.borrow();
        let refusal = match known.fresh(now, max_age) {
            Some(fetched) => match fetched.set.find(key_id) {
                Ok(key) => return Ok((key, fetched.generation)),
                Err(refusal) => refusal,
            },
            None => Refusal::NoKeys,
        };
        let may_help = refusal != Refusal::UnnamedKey && !known.is_resting(now, cooldown);
        Err(Missing { refusal, next_attempt: may_help.then_some(known.attempts + 1) })
    }
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwks").field("settings", &self.settings).finish_non_exhaustive()
    }
}
