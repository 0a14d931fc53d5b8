//! The chat object, the same in all four routes.

use chats_domain::chat::Chat;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

#[derive(Serialize)]
pub(crate) struct ChatObject<'a> {
    pub(crate) id: &'a str,
    pub(crate) chat_id: Uuid,
    pub(crate) audience: &'a str,
    pub(crate) scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<&'a RawValue>,
    pub(crate) created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) real_time: Option<RealTime>,
}

#[derive(Serialize)]
pub(crate) struct RealTime {
    pub(crate) event_room_id: Uuid,
}

/// What most chats take as JSON, in bytes, and more.
const TYPICAL_BYTES: usize = 512;

/// Writes a chat as JSON. Its `id` is its scope; its tags are written as the tenant wrote them.
pub(crate) fn to_json(chat: &Chat) -> Result<Vec<u8>, serde_json::Error> {
    let tags = chat.tags.as_ref().map(|tags| serde_json::from_str(tags.as_json())).transpose()?;
    let chat = ChatObject {
        id: chat.scope.as_str(),
        chat_id: chat.id.as_uuid(),
        audience: chat.audience.as_str(),
        scope: chat.scope.as_str(),
        tags,
        created_at: chat.created_at.as_unix_seconds(),
        real_time: chat.event_room().map(|room| RealTime { event_room_id: room.as_uuid() }),
    };
    let mut json = Vec::with_capacity(TYPICAL_BYTES);
    serde_json::to_writer(&mut json, &chat)?;
    Ok(json)
}

#[cfg(test)]
mod tests {
    use chats_domain::chat::{Attempt, ChatState, Opening};
    use chats_domain::values::{EventRoomId, Tags, Timestamp};

    use super::*;

    fn chat(state: ChatState, tags: Option<&str>) -> Chat {
        Chat {
            id: Uuid::from_u128(1).into(),
            audience: "school.example.org".parse().unwrap(),
            scope: "lesson-42".parse().unwrap(),
            tags: tags.map(|tags| Tags::parse(tags).unwrap()),
            created_at: Timestamp::from_unix_micros(1_732_281_600_999_999),
            state,
        }
    }

    #[test]
    fn a_ready_chat_has_all_members() {
        let room = EventRoomId::from(Uuid::from_u128(2));
        let json = to_json(&chat(ChatState::Ready(room), Some(r#"{"n": 1.10}"#))).unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            concat!(
                r#"{"id":"lesson-42","chat_id":"00000000-0000-0000-0000-000000000001","#,
                r#""audience":"school.example.org","scope":"lesson-42","tags":{"n": 1.10},"#,
                r#""created_at":1732281600,"#,
                r#""real_time":{"event_room_id":"00000000-0000-0000-0000-000000000002"}}"#,
            )
        );
    }

    #[test]
    fn an_opening_chat_has_no_room_yet_and_a_chat_without_tags_no_tags() {
        let opening = Opening {
            existing_room: Some(Uuid::from_u128(2).into()),
            attempt: Attempt::FIRST,
            lease_until: Timestamp::from_unix_micros(0),
        };
        let json = to_json(&chat(ChatState::Opening(opening), None)).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert!(json.get("real_time").is_none());
        assert!(json.get("tags").is_none());
    }
}
