use async_trait::async_trait;

use super::Cause;
use crate::values::{Account, Audience, ChatId};

/// Tells who calls.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// The account that a bearer token stands for.
    ///
    /// MUST NOT take a token that it cannot verify completely.
    async fn authenticate(&self, token: &str) -> Result<Account, AuthenticationError>;
}

/// Why a token does not tell who calls. The causes are for the log and tell nothing of a key.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// The token is bad, and stays so.
    #[error("the token was refused")]
    Refused(#[source] Cause),
    /// Nobody can tell now whether it is good; the same token may be taken later.
    #[error("the token could not be verified")]
    Unavailable(#[source] Cause),
}

/// Decides what an account may do in an audience.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AccessPolicy: Send + Sync {
    /// Returns `Ok` if `account` may do `action` to `object` in `audience`.
    ///
    /// MUST deny everything in an audience that it does not know, and MUST fail closed: whoever cannot
    /// be asked has not allowed anything.
    async fn authorize(
        &self,
        account: &Account,
        audience: &Audience,
        object: Object,
        action: Action,
    ) -> Result<(), AccessError>;
}

/// What an action is done to. The platform writes it `["classrooms"]` or `["classrooms", chat_id]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Object {
    /// The chats of an audience.
    Chats,
    /// One chat.
    Chat(ChatId),
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Creating a chat with a new room.
    Create,
    /// Creating a chat from an existing room.
    Convert,
    /// Reading a chat.
    Read,
}

impl Action {
    /// The action's name on the platform.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Convert => "convert",
            Self::Read => "read",
        }
    }
}

/// Why an account may not do something.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The answer is no.
    #[error("access is denied")]
    Denied,
    /// There is no answer now; the same question may be answered later.
    #[error("the audience's policy could not be asked")]
    Unavailable(#[source] Cause),
}
