use chats_domain::ports::ChatIds;
use chats_domain::values::ChatId;
use uuid::Uuid;

/// Identifiers that grow with time, so that the newest chats lie together in an index.
pub(crate) struct Uuid7;

impl ChatIds for Uuid7 {
    #[expect(clippy::disallowed_methods, reason = "here ambient randomness becomes an argument")]
    fn next(&self) -> ChatId {
        Uuid::now_v7().into()
    }
}
