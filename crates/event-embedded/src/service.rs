use std::collections::BTreeSet;
use std::sync::Arc;

use chats_domain::ports::{Authenticator, Clock};
use chats_domain::values::{Account, Audience};
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::faults::Faults;
use crate::rooms::Room;
use crate::settings::{Audiences, IdempotencyKeys, Settings};
use crate::store::{OpenError, Store, StoreError};

/// The service over its data. A clone is the same service.
#[derive(Clone)]
pub struct EventService(pub(crate) Arc<Inner>);

/// What the routes work with.
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) idempotency_keys: IdempotencyKeys,
    pub(crate) faults: Option<Faults>,
    audiences: Audiences,
    service_accounts: BTreeSet<Account>,
}

impl EventService {
    /// Opens the data and brings it up to date, which takes some milliseconds of blocking work.
    pub fn open(
        settings: Settings,
        authenticator: Arc<dyn Authenticator>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Inner {
            store: Store::open(&settings.storage)?,
            authenticator,
            clock,
            idempotency_keys: settings.idempotency_keys,
            faults: settings.faults,
            audiences: settings.audiences,
            service_accounts: settings.service_accounts,
        })))
    }

    /// All rooms, the oldest first: for tests, which count them.
    pub async fn rooms(&self) -> Result<Vec<Room>, StoreError> {
        self.0.store.rooms(None).await
    }
}

impl Inner {
    /// Returns if `account` may use the rooms of `audience`.
    pub(crate) fn admits(&self, account: &Account, audience: &Audience) -> bool {
        self.audiences.include(audience)
            && (account.audience() == audience || self.service_accounts.contains(account))
    }

    /// The room `id`, if `account` may use it. To others it does not exist.
    pub(crate) async fn room_for(&self, account: &Account, id: Uuid) -> Result<Room, ApiError> {
        let room = self.store.find_room(id).await?;
        room.filter(|room| self.admits(account, &room.audience)).ok_or(ApiError::RoomNotFound)
    }
}
