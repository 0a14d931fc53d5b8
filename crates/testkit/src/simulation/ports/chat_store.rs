use std::sync::Arc;

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};

use super::call;
use crate::simulation::Database;
use crate::simulation::fate::{Fate, Kind};
use crate::simulation::world::World;

/// A database at the other end of a network.
pub(in crate::simulation) struct Store {
    pub(in crate::simulation) world: Arc<World>,
    pub(in crate::simulation) database: Arc<dyn Database>,
}

impl Store {
    async fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        call(&self.world, Kind::StoreRead, name, work, |fate| self.error(fate)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        call(&self.world, Kind::StoreWrite, name, work, |fate| self.error(fate)).await
    }

    fn error(&self, fate: Fate) -> StoreError {
        if !matches!(fate, Fate::Failed | Fate::AnswerSpoilt) {
            return StoreError::Unavailable("simulated".into());
        }
        let mut state = self.world.state();
        let moving = state.moving;
        state.failed.insert(moving);
        StoreError::Failed("simulated".into())
    }
}

#[async_trait]
impl ChatStore for Store {
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, StoreError> {
        let (database, reservation) = (Arc::clone(&self.database), reservation.clone());
        self.write("reserve", async move { database.reserve(&reservation).await }).await
    }

    async fn find(&self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        let database = Arc::clone(&self.database);
        self.read("find a chat", async move { database.find(id).await }).await
    }

    async fn find_by_key(
        &self,
        audience: &Audience,
        scope: &Scope,
    ) -> Result<Option<Chat>, StoreError> {
        let database = Arc::clone(&self.database);
        let (audience, scope) = (audience.clone(), scope.clone());
        let work = async move { database.find_by_key(&audience, &scope).await };
        self.read("find a chat by its key", work).await
    }

    async fn take_over(
        &self,
        id: ChatId,
        seen: Attempt,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        let (database, world) = (Arc::clone(&self.database), Arc::clone(&self.world));
        let work = async move {
            let taken = database.take_over(id, seen, now, lease_until).await?;
            world.state().taken_over.extend(taken.map(|_| id));
            Ok(taken)
        };
        self.write("take over", work).await
    }

    async fn take_over_expired(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Chat>, StoreError> {
        let (database, world) = (Arc::clone(&self.database), Arc::clone(&self.world));
        let work = async move {
            let mut taken = database.take_over_expired(now, lease_until, limit).await?;
            // A database may order them as it likes; a run must not.
            taken.sort_by_key(|chat| chat.id);
            world.state().taken_over.extend(taken.iter().map(|chat| chat.id));
            Ok(taken)
        };
        self.write("take over what has expired", work).await
    }

    async fn confirm(
        &self,
        id: ChatId,
        attempt: Attempt,
        room: EventRoomId,
    ) -> Result<Confirmed, StoreError> {
        let database = Arc::clone(&self.database);
        self.write("confirm", async move { database.confirm(id, attempt, room).await }).await
    }

    async fn postpone(
        &self,
        id: ChatId,
        attempt: Attempt,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let database = Arc::clone(&self.database);
        self.write("postpone", async move { database.postpone(id, attempt, lease_until).await })
            .await
    }

    async fn release(&self, id: ChatId, attempt: Attempt) -> Result<bool, StoreError> {
        let database = Arc::clone(&self.database);
        self.write("release", async move { database.release(id, attempt).await }).await
    }
}
