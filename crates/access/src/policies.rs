use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use chats_domain::ports::{AccessError, AccessPolicy, Action, Object};
use chats_domain::values::{Account, Audience};

use crate::{TenantPolicy, Whitelist};

/// The policy of each audience. An audience without one lets nobody in.
#[derive(Debug, Clone, Default)]
pub struct Policies(HashMap<Audience, Policy>);

/// How an audience decides what an account may do.
#[derive(Debug, Clone)]
pub enum Policy {
    /// Every account may do everything, be it of this audience or of another. For development only.
    None,
    /// These accounts may do everything.
    Local {
        /// The accounts, of any audience.
        trusted: HashSet<Account>,
    },
    /// An account may do what a record grants it.
    LocalWhitelist(Whitelist),
    /// The tenant is asked.
    Http(Arc<TenantPolicy>),
}

impl Policies {
    /// The policies by their audiences.
    #[must_use]
    pub fn new(by_audience: HashMap<Audience, Policy>) -> Self {
        Self(by_audience)
    }
}

#[async_trait]
impl AccessPolicy for Policies {
    async fn authorize(
        &self,
        account: &Account,
        audience: &Audience,
        object: Object,
        action: Action,
    ) -> Result<(), AccessError> {
        let policy = self.0.get(audience).ok_or(AccessError::Denied)?;
        if policy.allows(account, object, action).await? {
            Ok(())
        } else {
            Err(AccessError::Denied)
        }
    }
}

impl Policy {
    async fn allows(
        &self,
        account: &Account,
        object: Object,
        action: Action,
    ) -> Result<bool, AccessError> {
        match self {
            Self::None => Ok(true),
            Self::Local { trusted } => Ok(trusted.contains(account)),
            Self::LocalWhitelist(whitelist) => Ok(whitelist.allows(account, object, action)),
            Self::Http(tenant) => tenant.allows(account, object, action).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Record;

    const ACTIONS: [Action; 3] = [Action::Create, Action::Convert, Action::Read];

    fn account(account: &str) -> Account {
        account.parse().unwrap()
    }

    fn objects() -> [Object; 2] {
        [Object::Chats, Object::Chat(Uuid::from_u128(7).into())]
    }

    fn policies() -> Policies {
        let record =
            Record::parse(account("reader.list.example.org"), &["classrooms", "*"], "read")
                .unwrap();
        Policies::new(HashMap::from([
            ("open.example.org".parse().unwrap(), Policy::None),
            (
                "trust.example.org".parse().unwrap(),
                Policy::Local {
                    trusted: HashSet::from([
                        account("tutor.trust.example.org"),
                        account("service.svc.example.org"),
                    ]),
                },
            ),
            (
                "list.example.org".parse().unwrap(),
                Policy::LocalWhitelist([record].into_iter().collect()),
            ),
        ]))
    }

    /// Whether each of the three actions is allowed, on each of the objects.
    async fn allowed(who: &str, audience: &str) -> [bool; 3] {
        let policies = policies();
        let audience: Audience = audience.parse().unwrap();
        let mut allowed = [false; 3];
        for (allowed, action) in allowed.iter_mut().zip(ACTIONS) {
            let mut answers = Vec::new();
            for object in objects() {
                let answer = policies.authorize(&account(who), &audience, object, action).await;
                assert!(matches!(answer, Ok(()) | Err(AccessError::Denied)));
                answers.push(answer.is_ok());
            }
            assert_eq!(answers[0], answers[1], "{who} {action:?} {audience}");
            *allowed = answers[0];
        }
        allowed
    }

    #[tokio::test]
    async fn each_audience_decides_by_its_own_policy() {
        const ALL: [bool; 3] = [true; 3];
        const NONE: [bool; 3] = [false; 3];
        const READ: [bool; 3] = [false, false, true];
        for (who, audience, expected) in [
            // Everyone, wherever they come from.
            ("anyone.open.example.org", "open.example.org", ALL),
            ("anyone.else.example.org", "open.example.org", ALL),
            // Who is trusted, and nobody else.
            ("tutor.trust.example.org", "trust.example.org", ALL),
            ("service.svc.example.org", "trust.example.org", ALL),
            ("other.trust.example.org", "trust.example.org", NONE),
            ("tutor.open.example.org", "trust.example.org", NONE),
            // What is on the list, and nothing else.
            ("reader.list.example.org", "list.example.org", READ),
            ("other.list.example.org", "list.example.org", NONE),
            // A trust or a record of one audience means nothing in another.
            ("service.svc.example.org", "list.example.org", NONE),
            ("reader.list.example.org", "trust.example.org", NONE),
            // Nobody where nothing is configured.
            ("tutor.trust.example.org", "unknown.example.org", NONE),
            ("tutor.unknown.example.org", "unknown.example.org", NONE),
            ("tutor.trust.example.org", "TRUST.example.org", NONE),
        ] {
            assert_eq!(allowed(who, audience).await, expected, "{who} {audience}");
        }
    }

    #[tokio::test]
    async fn an_account_that_only_looks_like_a_trusted_one_is_not() {
        let lookalike = Account::new("tutor.trust", "example.org".parse().unwrap()).unwrap();
        assert_eq!(lookalike.to_string(), "tutor.trust.example.org");
        let answer = policies()
            .authorize(
                &lookalike,
                &"trust.example.org".parse().unwrap(),
                Object::Chats,
                Action::Read,
            )
            .await;
        assert!(matches!(answer, Err(AccessError::Denied)));
    }
}
