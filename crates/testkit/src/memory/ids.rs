use chats_domain::ports::ChatIds;
use chats_domain::values::ChatId;
use uuid::Uuid;

/// Fresh identifiers, as in production: UUIDs of version 7.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl ChatIds for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "this is the port's adapter for tests")]
    fn next(&self) -> ChatId {
        Uuid::now_v7().into()
    }
}
