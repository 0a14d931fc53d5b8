use std::fmt;

use chats_domain::use_cases::ImportChat;
use chats_domain::values::{Audience, EventRoomId, Scope, Tags, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::lines::{Line, MAX_LINE_BYTES};

/// A line that is no chat.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invalid {
    /// What is wrong with it.
    pub(super) reason: String,
    /// The key that it names, as far as it does.
    pub(super) audience: Option<String>,
    pub(super) scope: Option<String>,
}

/// What a line says. A member that stands there twice is an error, one that is not known here is not.
#[derive(Deserialize)]
struct Wire<'a> {
    audience: String,
    scope: String,
    event_room_id: String,
    #[serde(borrow, default, deserialize_with = "as_written")]
    tags: Option<&'a RawValue>,
    created_at: u64,
}

/// Keeps `null` apart from what is missing: as tags it is as wrong as in the API.
fn as_written<'de, D: Deserializer<'de>>(tags: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(tags).map(Some)
}

/// What a line is to keep to besides.
pub(super) struct Rules {
    /// What time it is. No chat has come to be after it.
    pub(super) now: Timestamp,
    /// The audience of all chats, if they are to be of one.
    pub(super) audience: Option<Audience>,
}

/// Reads what a line says.
pub(super) fn read(line: &Line, rules: &Rules) -> Result<ImportChat, Invalid> {
    match &line.text {
        Some(text) => parse(text, rules),
        None => Err(no_chat(format!("it is longer than {} KiB", MAX_LINE_BYTES / 1024))),
    }
}

fn parse(line: &[u8], rules: &Rules) -> Result<ImportChat, Invalid> {
    // Serde would take the members from an array, too.
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err(no_chat("it is not a JSON object".to_owned()));
    }
    let wire: Wire<'_> = serde_json::from_slice(line).map_err(|it| no_chat(it.to_string()))?;
    wire.to_chat(rules).map_err(|reason| {
        let Wire { audience, scope, .. } = wire;
        Invalid { reason, audience: Some(audience), scope: Some(scope) }
    })
}

fn no_chat(reason: String) -> Invalid {
    Invalid { reason, audience: None, scope: None }
}

impl Wire<'_> {
    fn to_chat(&self, rules: &Rules) -> Result<ImportChat, String> {
        let audience: Audience = self.audience.parse().map_err(breaks("audience"))?;
        if rules.audience.as_ref().is_some_and(|only| *only != audience) {
            return Err("'audience' is another than that of --audience".to_owned());
        }
        let scope: Scope = self.scope.parse().map_err(breaks("scope"))?;
        let event_room = uuid(&self.event_room_id).ok_or("'event_room_id' is not a UUID")?;
        let tags = self.tags.map(|tags| Tags::parse(tags.get())).transpose();
        let tags = tags.map_err(|rule| format!("the tags {rule}"))?;
        let created_at = Timestamp::from_unix_seconds(self.created_at);
        let created_at = created_at.ok_or("'created_at' is after the last moment there is")?;
        if created_at > rules.now {
            return Err("'created_at' is in the future: it is to be in seconds".to_owned());
        }
        Ok(ImportChat {
            audience,
            scope,
            tags,
            event_room: EventRoomId::from(event_room),
            created_at,
        })
    }
}

fn breaks<E: fmt::Display>(name: &str) -> impl FnOnce(E) -> String {
    move |rule| format!("'{name}' {rule}")
}

/// Parses a UUID in its textual form of 36 characters, which is the one that the API takes.
fn uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == 36)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "0193a5c0-7b1e-7000-8000-000000000001";

    /// A Saturday in 2033.
    const NOW: Timestamp = Timestamp::from_unix_micros(2_000_000_000_000_000);

    fn parse(line: &[u8]) -> Result<ImportChat, Invalid> {
        super::parse(line, &Rules { now: NOW, audience: None })
    }

    fn line(change: impl FnOnce(&str) -> String) -> String {
        let key = r#""audience":"a.example.org","scope":"s""#;
        let rest = r#""tags":{"n": 1.0},"created_at":1500000000"#;
        change(&format!(r#"{{{key},"event_room_id":"{ROOM}",{rest}}}"#))
    }

    #[test]
    fn a_line_says_what_the_chat_is() {
        let chat = parse(line(str::to_owned).as_bytes()).unwrap();
        assert_eq!((chat.audience.as_str(), chat.scope.as_str()), ("a.example.org", "s"));
        assert_eq!(chat.event_room.as_uuid().to_string(), ROOM);
        assert_eq!(chat.tags.unwrap().as_json(), r#"{"n": 1.0}"#);
        assert_eq!(chat.created_at.as_unix_seconds(), 1_500_000_000);
    }

    #[test]
    fn a_chat_may_have_come_to_be_just_now() {
        let line = line(|it| it.replace("1500000000", "2000000000"));
        assert_eq!(parse(line.as_bytes()).unwrap().created_at, NOW);
    }

    #[test]
    fn where_one_audience_is_imported_chats_of_others_are_refused() {
        let line = line(str::to_owned);
        let read = |only: &str| {
            let rules = Rules { now: NOW, audience: Some(only.parse().unwrap()) };
            super::parse(line.as_bytes(), &rules)
        };
        assert!(read("a.example.org").is_ok());
        let refused = read("b.example.org").unwrap_err();
        assert_eq!(refused.reason, "'audience' is another than that of --audience");
        assert_eq!(refused.audience.as_deref(), Some("a.example.org"));
    }

    #[test]
    fn tags_may_be_missing_and_other_members_there() {
        let line = line(|it| it.replace(r#""tags":"#, r#""owner":"#));
        assert_eq!(parse(line.as_bytes()).unwrap().tags, None);
    }

    #[test]
    fn what_is_no_chat_is_told_with_its_key_where_it_has_one() {
        let wrong = [
            ("a.example.org", "", "'audience' "),
            (r#""s""#, r#""""#, "'scope' "),
            (ROOM, "0193a5c07b1e70008000000000000001", "'event_room_id' is not a UUID"),
            (r#"{"n": 1.0}"#, "null", "the tags "),
            ("1500000000", "18446744073709551615", "'created_at' is after"),
            ("1500000000", "1500000000000", "'created_at' is in the future"),
            ("1500000000", "2000000001", "'created_at' is in the future"),
        ];
        for (right, wrong, reason) in wrong {
            let line = line(|it| it.replace(right, wrong));
            let invalid = parse(line.as_bytes()).unwrap_err();
            assert!(invalid.reason.starts_with(reason), "{line}: {}", invalid.reason);
            assert!(invalid.audience.is_some() && invalid.scope.is_some());
        }
    }

    #[test]
    fn what_is_no_such_object_is_refused() {
        let array = format!(r#"["a.example.org","s","{ROOM}",{{}},1500000000]"#);
        let wrong = [
            array,
            "null".to_owned(),
            "{".to_owned(),
            "\u{feff}{}".to_owned(),
            line(|it| format!("{it}{it}")),
            line(|it| it.replace("1500000000", "1500000000.5")),
            line(|it| it.replace("1500000000", "-1")),
            line(|it| it.replace(r#","created_at":1500000000"#, "")),
            line(|it| it.replace(r#""scope""#, r#""\u0061udience""#)),
            line(|it| it.replace(r#""tags""#, r#""scope":"t","tags""#)),
            line(|it| it.replace(r#""tags""#, r#""tags":{},"tags""#)),
        ];
        for line in wrong {
            let invalid = parse(line.as_bytes()).unwrap_err();
            assert_eq!((invalid.audience, invalid.scope), (None, None), "{line}");
        }
        assert!(parse(b"{\"audience\":\"\xff\"}").is_err());
    }
}
