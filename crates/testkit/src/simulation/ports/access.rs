use std::future::ready;
use std::sync::Arc;

use async_trait::async_trait;
use chats_domain::ports::{AccessError, AccessPolicy, Action, Object};
use chats_domain::values::{Account, Audience};

use super::call;
use crate::simulation::fate::{Fate, Kind};
use crate::simulation::world::World;

/// A policy at the other end of a network. It allows everything, as long as nothing goes wrong.
pub(in crate::simulation) struct Policy(pub(in crate::simulation) Arc<World>);

#[async_trait]
impl AccessPolicy for Policy {
    async fn authorize(
        &self,
        _: &Account,
        _: &Audience,
        _: Object,
        _: Action,
    ) -> Result<(), AccessError> {
        call(&self.0, Kind::Policy, "ask the policy", ready(Ok(())), |fate| match fate {
            Fate::Refused => AccessError::Denied,
            _ => AccessError::Unavailable("simulated".into()),
        })
        .await
    }
}
