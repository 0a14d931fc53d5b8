//! The policy that asks the tenant.
//!
//! What one tenant does never reaches the callers of another: each host has its own connections and name
//! look-ups, and each policy its own bound on the questions under way, and its own cache.

mod answers;
mod failure;
mod question;
mod settings;
mod tenant;
mod trouble;
mod under_way;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use chats_domain::ports::{AccessError, Action, Object};
use chats_domain::values::{Account, Audience};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use opentelemetry::context::FutureExt as _;
use tokio::runtime::Handle;

use self::answers::Answers;
use self::failure::{Failure, NotTold};
use self::question::Question;
use self::tenant::Tenant;
use self::trouble::Trouble;
use self::under_way::{EndsWhenDropped, UnderWay};
use crate::{HttpClients, Signer};

pub use settings::{TenantPolicyError, TenantPolicySettings};
pub(crate) use tenant::names_action;

/// Asks the tenant what an account may do in its audience.
///
/// An answer is kept for a while, and a question that is under way is not asked a second time, unless it is
/// about an account of another audience. While the tenant cannot be asked, nobody gets in but whom it trusts.
pub struct TenantPolicy {
    audience: Audience,
    trusted: HashSet<Account>,
    asked: Arc<Asked>,
    under_way: UnderWay<Question, Answer>,
    connections: Handle,
}

/// The tenant, and what is known of it.
struct Asked {
    tenant: Tenant,
    answers: Answers,
    trouble: Trouble,
}

type Answer = Result<bool, Arc<Failure>>;

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
        let asked = Asked {
            answers: Answers::new(&settings, signer.clock()),
            trouble: Trouble::of(settings.audience.clone()),
            tenant: Tenant::new(&settings, account, signer, http),
        };
        Ok(Self {
            asked: Arc::new(asked),
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
        if let Some(allowed) = self.asked.answers.get(&question) {
            return Ok(allowed);
        }
        // Where a chat is missing the question is another one than where it is there. If a stranger's were
        // joined with an earlier one, the time of the answer would tell the stranger which of the two it was.
        let answer = if self.asked.tenant.is_stranger(account) {
            self.ask(question, None).await
        } else {
            self.under_way.join(question, |question, end| self.ask(question, Some(end))).await
        };
        answer.map_err(|failure| {
            AccessError::Unavailable(NotTold { audience: self.audience.clone(), failure }.into())
        })
    }

    /// Asks on the runtime of the connections. Then the question is not under way any more.
    fn ask(
        &self,
        question: Question,
        end: Option<EndsWhenDropped<Question, Answer>>,
    ) -> BoxFuture<'static, Answer> {
        let (asked, connections) = (Arc::clone(&self.asked), self.connections.clone());
        let asking = async move {
            let answer = asked.ask(question).await;
            drop(end);
            answer
        };
        let asking = asking.with_current_context();
        async move {
            let answer = connections.spawn(asking).await;
            answer.unwrap_or_else(|error| Err(Arc::new(Failure::Dropped(error))))
        }
        .boxed()
    }
}

impl Asked {
    /// Asks the tenant and keeps the answer.
    async fn ask(&self, question: Question) -> Answer {
        // Whoever asked before may have ended since the answer was looked for.
        if let Some(allowed) = self.answers.get(&question) {
            return Ok(allowed);
        }
        let asked_at = self.answers.now();
        let answer = self.tenant.allows(&question).await;
        let now = self.answers.now();
        match &answer {
            Ok(allowed) => {
                self.trouble.note_answer(now);
                self.answers.keep(question, *allowed, asked_at);
            }
            Err(failure) => self.trouble.note_failure(failure, now),
        }
        answer.map_err(Arc::new)
    }
}

impl fmt::Debug for TenantPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantPolicy").field("audience", &self.audience).finish_non_exhaustive()
    }
}
