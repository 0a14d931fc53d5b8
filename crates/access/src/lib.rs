//! Who calls, and what they may do: the domain's ports [`Authenticator`] and [`AccessPolicy`].
//!
//! * [`Issuers`]: tells the account that a token (a JWT, RFC 7519) stands for, by the issuers that are
//!   known and their keys: a [`VerificationKey`] each, or a [`Jwks`]. A [`TokenCache`] remembers it.
//! * [`Policies`]: tells what an account may do, by the policy of each audience. A [`TenantPolicy`] asks the
//!   tenant.
//! * [`HttpClients`]: what both of them call others by.
//! * [`Signer`] and [`Identity`]: tokens of our own, for the services that we call.
//!
//! Nothing here reads settings, and of files only a [`Jwks`] that is one: keys come as bytes, policies as
//! values, time from the domain's clock.
//!
//! [`Authenticator`]: chats_domain::ports::Authenticator
//! [`AccessPolicy`]: chats_domain::ports::AccessPolicy

mod algorithm;
mod claims;
mod http_clients;
#[doc(hidden)]
pub mod internals;
mod issuers;
mod jwks;
mod keys;
mod lookups;
mod policies;
mod refusal;
mod secret;
mod signer;
mod tenant_policy;
mod token;
mod token_cache;
mod turns;
mod verified;
mod whitelist;

pub use algorithm::Algorithm;
pub use http_clients::{HttpClientError, HttpClients};
pub use issuers::{Issuer, IssuerKeys, Issuers};
pub use jwks::{FetchError, Jwks, JwksContent, JwksError, JwksLook, JwksSettings, JwksSource};
pub use keys::{KeyError, SigningKey, VerificationKey};
pub use policies::{Policies, Policy};
pub use secret::Secret;
pub use signer::{Identity, Signer, SigningError};
pub use tenant_policy::{TenantPolicy, TenantPolicyError, TenantPolicySettings};
pub use token::MAX_TOKEN_BYTES;
pub use token_cache::{TokenCache, TokenCacheStats};
pub use verified::{TokenVerifier, Verified};
pub use whitelist::{InvalidRecord, Record, Whitelist};
