//! What a broken store does as the store beneath it does.

use async_trait::async_trait;
use chats_domain::chat::{Attempt, Chat};
use chats_domain::ports::{ChatStore, Confirmed, Reservation, Reserved, StoreError};
use chats_domain::values::{Audience, ChatId, EventRoomId, Scope, Timestamp};

/// A chat store that does some calls in its own way.
pub(super) struct Broken<T>(pub(super) T);

/// The calls are those of [`ChatStore`]; what is not said otherwise is done by the store beneath.
macro_rules! broken_store {
    ($(async fn $call:ident(&self, $($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        pub(super) trait BrokenStore: Send + Sync {
            fn beneath(&self) -> &dyn ChatStore;

            $(async fn $call(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                self.beneath().$call($($argument),*).await
            })*
        }

        #[async_trait]
        impl<T: BrokenStore> ChatStore for Broken<T> {
            $(async fn $call(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                self.0.$call($($argument),*).await
            })*
        }
    };
}

broken_store! {
    async fn reserve(&self, reservation: &Reservation) -> Reserved;
    async fn find(&self, id: ChatId) -> Option<Chat>;
    async fn find_by_key(&self, audience: &Audience, scope: &Scope) -> Option<Chat>;
    async fn take_over(
        &self, id: ChatId, seen: Attempt, now: Timestamp, lease_until: Timestamp
    ) -> Option<Attempt>;
    async fn take_over_expired(
        &self, now: Timestamp, lease_until: Timestamp, limit: u32
    ) -> Vec<Chat>;
    async fn confirm(&self, id: ChatId, attempt: Attempt, room: EventRoomId) -> Confirmed;
    async fn postpone(&self, id: ChatId, attempt: Attempt, lease_until: Timestamp) -> bool;
    async fn release(&self, id: ChatId, attempt: Attempt) -> bool;
}
