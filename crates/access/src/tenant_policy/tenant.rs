use std::time::Duration;

use chats_domain::ports::Action;
use chats_domain::values::{Account, Audience};
use opentelemetry::global;
use opentelemetry_http::HeaderInjector;
use reqwest::header::HeaderMap;
use reqwest::{Client, Response};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::timeout;
use url::Url;

use super::TenantPolicySettings;
use super::failure::Failure;
use super::question::Question;
use crate::turns::Turns;
use crate::{Identity, Signer};

/// The longest answer that is read. A list of actions is much shorter.
pub(super) const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A tenant's service, as who asks it sees it.
pub(super) struct Tenant {
    http: Client,
    uri: Url,
    identity: Identity,
    /// Our account, as the tenant's objects name it.
    service: String,
    audience: Audience,
    places: Semaphore,
    /// How many of the places may be taken for accounts of other audiences. A *no* to them is never kept,
    /// so that they could ask the tenant without end, and keep its own accounts from asking.
    places_of_strangers: Semaphore,
    /// Of the strangers, those of one audience take their places one after the other, and so keep only each
    /// other waiting. The audiences are those that the issuers speak for.
    turns_of_strangers: Turns<Audience>,
    timeout: Duration,
    retries: u8,
}

/// The place of a question that is under way.
struct Place<'t> {
    _any: SemaphorePermit<'t>,
    _of_strangers: Option<(OwnedSemaphorePermit, SemaphorePermit<'t>)>,
}

impl Tenant {
    pub(super) fn new(
        settings: &TenantPolicySettings,
        account: Account,
        signer: Signer,
        http: Client,
    ) -> Self {
        let places: usize = settings.concurrency.get().into();
        Self {
            http,
            uri: settings.uri.clone(),
            service: account.to_string(),
            identity: Identity::towards(&settings.audience, signer, account),
            audience: settings.audience.clone(),
            places: Semaphore::new(places),
            places_of_strangers: Semaphore::new((places / 4).max(1)),
            turns_of_strangers: Turns::default(),
            timeout: settings.timeout,
            retries: settings.retries,
        }
    }

    /// Whether an account is of another audience than the tenant's.
    pub(super) fn is_stranger(&self, account: &Account) -> bool {
        *account.audience() != self.audience
    }

    /// Asks, if need be more than once. Asking changes nothing, so it does no harm to ask twice.
    pub(super) async fn allows(&self, question: &Question) -> Result<bool, Failure> {
        let mut retries = self.retries;
        loop {
            match self.try_once(question).await {
                Err(failure) if failure.may_pass() && retries > 0 => retries -= 1,
                told => return told,
            }
        }
    }

    async fn try_once(&self, question: &Question) -> Result<bool, Failure> {
        let mut is_asking = false;
        let attempt = async {
            let _place = self.place(&question.account).await.map_err(|_| Failure::Busy)?;
            is_asking = true;
            self.ask(question).await
        };
        match timeout(self.timeout, attempt).await {
            Ok(told) => told,
            Err(_) if is_asking => Err(Failure::TimedOut),
            Err(_) => Err(Failure::Busy),
        }
    }

    /// Waits for a place. A stranger takes none of the places before one of the strangers' is free, and none
    /// of those before it is its audience's turn.
    async fn place(&self, account: &Account) -> Result<Place<'_>, AcquireError> {
        let of_strangers = if self.is_stranger(account) {
            let turn = self.turns_of_strangers.of(account.audience()).acquire_owned().await?;
            Some((turn, self.places_of_strangers.acquire().await?))
        } else {
            None
        };
        Ok(Place { _any: self.places.acquire().await?, _of_strangers: of_strangers })
    }

    async fn ask(&self, question: &Question) -> Result<bool, Failure> {
        let token = self.identity.token().map_err(Failure::NoToken)?;
        let request = self.http.post(self.uri.clone()).bearer_auth(token).headers(trace_headers());
        let response = request.json(&question.to_json(&self.service)).send().await?;
        if !response.status().is_success() {
            return Err(Failure::Status(response.status().as_u16()));
        }
        Ok(names_action(&body(response).await?, question.action)?)
    }
}

/// Whether an answer, the list of what is allowed, has `action` in it.
pub(crate) fn names_action(answer: &[u8], action: Action) -> Result<bool, serde_json::Error> {
    let allowed: Vec<String> = serde_json::from_slice(answer)?;
    Ok(allowed.iter().any(|it| it == action.as_str()))
}

/// What tells the tenant of which trace the question is part (W3C Trace Context), if it is of one.
fn trace_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    global::get_text_map_propagator(|it| it.inject(&mut HeaderInjector(&mut headers)));
    headers
}

async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Failure::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chats_domain::ports::Object;
    use chats_testkit::memory::ManualClock;

    use super::*;
    use crate::{Algorithm, SigningKey};

    #[tokio::test]
    async fn who_gets_no_place_in_time_is_not_asked_about() {
        // There is nobody to be asked: a question would fail in another way.
        let uri = "http://127.0.0.1:1".parse().unwrap();
        let settings = TenantPolicySettings {
            timeout: Duration::from_millis(20),
            ..TenantPolicySettings::new("school.example.org".parse().unwrap(), uri)
        };
        let account: Account = "chats.svc.example.org".parse().unwrap();
        let key = SigningKey::parse(Algorithm::Hs256, &[7; 32]).unwrap();
        let clock = Arc::new(ManualClock::default());
        let signer = Signer::new("iam.example.org".to_owned(), key, clock);
        let tenant = Tenant::new(&settings, account.clone(), signer, Client::new());

        let question = Question { account, object: Object::Chats, action: Action::Read };
        let all_places = tenant.places.acquire_many(32).await.unwrap();
        assert!(matches!(tenant.allows(&question).await, Err(Failure::Busy)));
        drop(all_places);
        assert!(!matches!(tenant.allows(&question).await, Err(Failure::Busy)));
    }
}
