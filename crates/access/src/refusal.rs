use chats_domain::ports::AuthenticationError;
use chats_domain::values::{Audience, InvalidAccount};

use crate::token::MAX_TOKEN_BYTES;

/// Why a token was refused. No reason repeats what a token says that nobody has verified.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    #[error("is not a signed JWT")]
    Malformed,
    #[error("asks for extensions in `crit`")]
    Extensions,
    #[error("has a claim twice, or as something that it cannot be")]
    InvalidClaims,
    #[error("has no `{0}`")]
    Missing(&'static str),
    #[error("has an unknown issuer")]
    UnknownIssuer,
    #[error("is not signed with its issuer's algorithm")]
    WrongAlgorithm,
    #[error("names a key that its issuer does not have")]
    UnknownKey,
    #[error("does not name the one of its issuer's keys that it is signed with")]
    UnnamedKey,
    #[error("cannot be verified, for its issuer's keys are not at hand")]
    NoKeys,
    #[error("is not signed by its issuer")]
    WrongSignature,
    #[error("has expired")]
    Expired,
    #[error("is not valid yet")]
    NotValidYet,
    #[error("names an account that {0}")]
    InvalidAccount(InvalidAccount),
    #[error("is for the audience {0}, for which its issuer may not speak")]
    ForeignAudience(Audience),
}

impl From<Refusal> for AuthenticationError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoKeys => Self::Unavailable(refusal.into()),
            refusal => Self::Refused(refusal.into()),
        }
    }
}
