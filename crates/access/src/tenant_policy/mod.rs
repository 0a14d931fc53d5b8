//! The policy that asks the tenant.
//!
//! What one tenant does never reaches the callers of another: each host has its own connections and name
//! look-ups, and each policy its own bound on the questions under way, and its own cache.

mod answers;
mod failure;
mod question;
mod settings;
mod tenant;
mod under_way;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use chats_domain::ports::{AccessError, Action, Object};
use chats_domain::values::{Account, Audience};
use futures_util::FutureExt;
use tokio::runtime::Handle;

use self::answers::Answers;
use self::failure::{Failure, NotTold};
use self::question::Question;
use self::tenant::Tenant;
use self::under_way::{EndsWhenDropped, UnderWay};
use crate::{HttpClients, Signer};

pub use settings::{TenantPolicyError, TenantPolicySettings};

/// Asks the tenant what an account may do in its audience.
///
/// An answer is kept for a while, and a question that is under way is not asked a second time. While
/// the tenant cannot be asked, nobody gets in but whom it trusts.
pub struct TenantPolicy {
    audience: Audience,
    trusted: HashSet<Account>,
    tenant: Arc<Tenant>,
    answers: Arc<Answers>,
    under_way: UnderWay<Question, Result<bool, Arc<Failure>>>,
    connections: Handle,
}

impl TenantPolicy {
    /// A policy with these settings, which asks as `account`, with tokens that `signer` signs, by one of
    /// `clients`.
    ///
    /// Its connections belong to the tokio runtime that this is called on, whichever runtimes callers
    /// come from. A caller that goes away does not take along the question that others wait for.
    pub fn new(
        settings: TenantPolicySettings,
        account: Account,
        signer: Signer,
        clients: &HttpClients,
    ) -> Result<Self, TenantPolicyError> {
        settings.check()?;
        let http = clients.get(&settings.uri, settings.extra_roots.as_deref())?;
        let answers = Answers::new(&settings, signer.clock());
        Ok(Self {
            tenant: Arc::new(Tenant::new(&settings, account, signer, http)),
            answers: Arc::new(answers),
            under_way: UnderWay::default(),
            connections: Handle::try_current().map_err(TenantPolicyError::NoRuntime)?,
            audience: settings.audience,
            trusted: settings.trusted,
        })
    }

    /// Whether `account` may do `action` to `object`.
    pub(crate) async fn allows(
        &self,
        account: &Account,
        object: Object,
        action: Action,
    ) -> Result<bool, AccessError> {
        if self.trusted.contains(account) {
            return Ok(true);
        }
        let question = Question { account: account.clone(), object, action };
        if let Some(allowed) = self.answers.get(&question) {
            return Ok(allowed);
        }
        let answer = self.under_way.join(question, |question, end| {
            let asking = ask(Arc::clone(&self.tenant), Arc::clone(&self.answers), question, end);
            let connections = self.connections.clone();
            async move {
                let asked = connections.spawn(asking).await;
                asked.unwrap_or_else(|error| Err(Arc::new(Failure::Dropped(error))))
            }
            .boxed()
        });
        answer.await.map_err(|failure| {
            AccessError::Unavailable(NotTold { audience: self.audience.clone(), failure }.into())
        })
    }
}

/// Asks the tenant and keeps the answer. Then the question is not under way any more.
async fn ask(
    tenant: Arc<Tenant>,
    answers: Arc<Answers>,
    question: Question,
    end: EndsWhenDropped<Question, Result<bool, Arc<Failure>>>,
) -> Result<bool, Arc<Failure>> {
    // Whoever asked before may have ended since the answer was looked for.
    if let Some(allowed) = answers.get(&question) {
        return Ok(allowed);
    }
    let asked_at = answers.now();
    let allowed = tenant.allows(&question).await?;
    answers.keep(question, allowed, asked_at);
    drop(end);
    Ok(allowed)
}

impl fmt::Debug for TenantPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantPolicy").field("audience", &self.audience).finish_non_exhaustive()
    }
}
