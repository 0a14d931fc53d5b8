//! The policy that asks, against a tenant that says whatever a test wants.

mod answers;
mod isolation;
mod keeping;
mod questions;
mod tenant;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use chats_access::{
    Algorithm, HttpClients, Policies, Policy, Signer, TenantPolicy, TenantPolicySettings,
};
use chats_domain::ports::{AccessError, AccessPolicy, Action, Object};
use chats_domain::values::{Account, Audience};
use chats_testkit::memory::ManualClock;
use futures_util::future::BoxFuture;
use uuid::{Uuid, uuid};

use self::tenant::Tenant;
use crate::support::KeyFiles;

const CHAT: Uuid = uuid!("0193a5c0-7b1e-7cc3-9d3e-2f6a1c0b8e11");
const TUTOR: &str = "tutor-7.school.example.org";
const STRANGER: &str = "somebody.stranger.example.org";
const SCHOOL: &str = "school.example.org";

/// So long that a busy machine does not take it for the end of all patience.
const LONG: Duration = Duration::from_secs(15);
const SHORT: Duration = Duration::from_millis(100);

/// An audience whose tenant is asked.
struct School {
    policies: Arc<Policies>,
    clock: Arc<ManualClock>,
    keys: KeyFiles,
}

type Answer = Result<(), AccessError>;

impl School {
    /// Asks `tenant`, patiently and once.
    fn of(tenant: &Tenant) -> Self {
        Self::with(settings(&tenant.uri()))
    }

    fn with(settings: TenantPolicySettings) -> Self {
        let (clock, keys) = (Arc::new(ManualClock::default()), KeyFiles::p256());
        let key = keys.signing_key(Algorithm::Es256);
        let signer = Signer::new("iam.example.org".to_owned(), key, clock.clone());
        let audience = settings.audience.clone();
        let policy = TenantPolicy::new(
            settings,
            account("chats.svc.example.org"),
            signer,
            &HttpClients::default(),
        )
        .unwrap();
        let policies = Policies::new([(audience, Policy::Http(Arc::new(policy)))].into());
        Self { policies: Arc::new(policies), clock, keys }
    }

    /// Whether an account may read the chat.
    fn may_read(&self, who: &str) -> BoxFuture<'static, Answer> {
        self.may(&account(who), Object::Chat(CHAT.into()), Action::Read)
    }

    fn may(&self, who: &Account, object: Object, action: Action) -> BoxFuture<'static, Answer> {
        let (policies, who) = (Arc::clone(&self.policies), who.clone());
        Box::pin(async move {
            let school: Audience = SCHOOL.parse().unwrap();
            let answer = policies.authorize(&who, &school, object, action);
            tokio::time::timeout(LONG, answer).await.unwrap()
        })
    }
}

fn settings(uri: &str) -> TenantPolicySettings {
    TenantPolicySettings {
        timeout: LONG * 2,
        retries: 0,
        ..TenantPolicySettings::new(SCHOOL.parse().unwrap(), uri.parse().unwrap())
    }
}

fn account(written: &str) -> Account {
    written.parse().unwrap()
}

#[track_caller]
fn assert_allowed(answer: &Answer) {
    assert!(answer.is_ok(), "{answer:?}");
}

#[track_caller]
fn assert_denied(answer: &Answer) {
    assert!(matches!(answer, Err(AccessError::Denied)), "{answer:?}");
}

/// What the log shows of why there is no answer: the whole chain.
#[track_caller]
fn assert_unavailable(answer: &Answer) -> String {
    let Err(AccessError::Unavailable(cause)) = answer else { panic!("{answer:?}") };
    let mut chain = cause.to_string();
    let mut source = cause.source();
    while let Some(error) = source {
        chain = format!("{chain}: {error}");
        source = error.source();
    }
    chain
}
