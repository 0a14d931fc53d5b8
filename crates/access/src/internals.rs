//! What the fuzz targets of this workspace run alone. It is no part of the API.

use chats_domain::ports::Action;

use crate::jwks::read_set;
use crate::tenant_policy::names_action;
use crate::{Algorithm, FetchError, JwksContent};

/// Reads a set of keys, as it was fetched.
pub fn read_jwks(algorithm: Algorithm, json: &[u8]) -> Result<JwksContent, FetchError> {
    read_set(algorithm, json)
}

/// Reads a tenant's answer: whether it allows `action`.
pub fn read_answer(answer: &[u8], action: Action) -> Result<bool, serde_json::Error> {
    names_action(answer, action)
}
