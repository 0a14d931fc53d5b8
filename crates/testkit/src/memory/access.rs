use async_trait::async_trait;
use chats_domain::ports::{
    AccessError, AccessPolicy, Action, AuthenticationError, Authenticator, Object,
};
use chats_domain::values::{Account, Audience};

/// Takes the written form of an account for its token: `tutor-7.school.example.org`.
#[derive(Debug, Clone, Copy, Default)]
pub struct LiteralTokens;

#[async_trait]
impl Authenticator for LiteralTokens {
    async fn authenticate(&self, token: &str) -> Result<Account, AuthenticationError> {
        token.parse().map_err(|error| AuthenticationError::Refused(Box::new(error)))
    }
}

/// A policy that answers as a test says.
pub struct FakePolicy(Box<Rule>);

type Rule = dyn Fn(&Account, &Audience, Object, Action) -> Verdict + Send + Sync;

/// What a [`FakePolicy`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Allow,
    /// No.
    Deny,
    /// Nothing: it cannot be asked.
    Unavailable,
}

impl FakePolicy {
    /// Answers the same to every question.
    #[must_use]
    pub fn always(verdict: Verdict) -> Self {
        Self::by(move |_, _, _, _| verdict)
    }

    /// Answers by `rule`.
    pub fn by(
        rule: impl Fn(&Account, &Audience, Object, Action) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(rule))
    }
}

#[async_trait]
impl AccessPolicy for FakePolicy {
    async fn authorize(
        &self,
        account: &Account,
        audience: &Audience,
        object: Object,
        action: Action,
    ) -> Result<(), AccessError> {
        match (self.0)(account, audience, object, action) {
            Verdict::Allow => Ok(()),
            Verdict::Deny => Err(AccessError::Denied),
            Verdict::Unavailable => Err(AccessError::Unavailable("scripted".into())),
        }
    }
}
