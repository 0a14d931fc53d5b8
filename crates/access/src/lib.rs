//! Who calls, and what they may do: the domain's ports [`Authenticator`] and [`AccessPolicy`].
//!
//! * [`Issuers`]: tells the account that a token (a JWT, RFC 7519) stands for, by the issuers that are
//!   known and their [`VerificationKey`]s.
//! * [`Policies`]: tells what an account may do, by the policy of each audience.
//! * [`Signer`] and [`Identity`]: tokens of our own, for the services that we call.
//!
//! Nothing here reads files or settings: keys come as bytes, policies as values, time from the domain's
//! clock.
//!
//! [`Authenticator`]: chats_domain::ports::Authenticator
//! [`AccessPolicy`]: chats_domain::ports::AccessPolicy

mod algorithm;
mod claims;
mod issuers;
mod keys;
mod policies;
mod refusal;
mod secret;
mod signer;
mod token;
mod whitelist;

pub use algorithm::Algorithm;
pub use issuers::{Issuer, Issuers};
pub use keys::{KeyError, SigningKey, VerificationKey};
pub use policies::{Policies, Policy};
pub use secret::Secret;
pub use signer::{Identity, Signer, SigningError};
pub use token::MAX_TOKEN_BYTES;
pub use whitelist::{InvalidRecord, Record, Whitelist};
