use std::fmt;
use std::time::Duration;

use chats_domain::use_cases::ImportChat;
use chats_domain::values::{Audience, EventRoomId, Scope, Tags, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::lines::{Line, MAX_LINE_BYTES};
use super::report::Kind;

/// A line that brings no chat.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) kind: Kind,
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

/// How far ahead of us a chat may have come to be. Clocks differ, and an import may take hours; milliseconds
/// that are taken for seconds are ahead by ages.
const MOST_AHEAD: Duration = Duration::from_hours(24);

/// What a line is to keep to besides.
pub(super) struct Rules {
    /// When the import began.
    pub(super) start: Timestamp,
    /// The audience of all chats, if they are to be of one. Whose their rooms are is another matter.
    pub(super) audience: Option<Audience>,
}

/// Reads what a line says.
pub(super) fn read(line: &Line, rules: &Rules) -> Result<ImportChat, Refused> {
    match &line.text {
        Some(text) => parse(text, rules),
        None => Err(no_chat(format!("it is longer than {} KiB", MAX_LINE_BYTES / 1024))),
    }
}

fn parse(line: &[u8], rules: &Rules) -> Result<ImportChat, Refused> {
    // Serde would take the members from an array, too.
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err(no_chat("it is not a JSON object".to_owned()));
    }
    let wire: Wire<'_> = serde_json::from_slice(line).map_err(|it| no_chat(it.to_string()))?;
    match wire.to_chat(rules.start) {
        Ok(chat) if rules.allow(&chat.audience) => Ok(chat),
        Ok(_) => {
            let reason = "'audience' is another than that of --audience".to_owned();
            Err(wire.refused(Kind::AnotherAudience, reason))
        }
        Err(reason) => Err(wire.refused(Kind::NoChat, reason)),
    }
}

fn no_chat(reason: String) -> Refused {
    Refused { kind: Kind::NoChat, reason, audience: None, scope: None }
}

impl Rules {
    fn allow(&self, audience: &Audience) -> bool {
        self.audience.as_ref().is_none_or(|only| only == audience)
    }
}

impl Wire<'_> {
    fn refused(self, kind: Kind, reason: String) -> Refused {
        Refused { kind, reason, audience: Some(self.audience), scope: Some(self.scope) }
    }

    fn to_chat(&self, start: Timestamp) -> Result<ImportChat, String> {
        let audience: Audience = self.audience.parse().map_err(breaks("audience"))?;
        let scope: Scope = self.scope.parse().map_err(breaks("scope"))?;
        let event_room = uuid(&self.event_room_id).ok_or("'event_room_id' is not a UUID")?;
        let tags = self.tags.map(|tags| Tags::parse(tags.get())).transpose();
        let tags = tags.map_err(|rule| format!("the tags {rule}"))?;
        let created_at = Timestamp::from_unix_seconds(self.created_at);
        let created_at = created_at.ok_or("'created_at' is after the last moment there is")?;
        if created_at > start.plus(MOST_AHEAD) {
            return Err("'created_at' is more than a day ahead: it is to be in seconds".to_owned());
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

    fn parse(line: &[u8]) -> Result<ImportChat, Refused> {
        super::parse(line, &Rules { start: NOW, audience: None })
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
    fn a_chat_may_have_come_to_be_during_the_import_and_by_a_clock_that_is_ahead() {
        for seconds in ["2000000000", "2000086400"] {
            let line = line(|it| it.replace("1500000000", seconds));
            assert!(parse(line.as_bytes()).is_ok());
        }
    }

    #[test]
    fn where_one_audience_is_imported_chats_of_others_are_refused() {
        let line = line(str::to_owned);
        let read = |only: &str| {
            let rules = Rules { start: NOW, audience: Some(only.parse().unwrap()) };
            super::parse(line.as_bytes(), &rules)
        };
        assert!(read("a.example.org").is_ok());
        let refused = read("b.example.org").unwrap_err();
        assert_eq!(refused.kind, Kind::AnotherAudience);
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
            ("1500000000", "1500000000000", "'created_at' is more than a day ahead"),
            ("1500000000", "2000086401", "'created_at' is more than a day ahead"),
        ];
        for (right, wrong, reason) in wrong {
            let line = line(|it| it.replace(right, wrong));
            let refused = parse(line.as_bytes()).unwrap_err();
            assert!(refused.reason.starts_with(reason), "{line}: {}", refused.reason);
            assert!(refused.audience.is_some() && refused.scope.is_some());
            assert_eq!(refused.kind, Kind::NoChat);
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
            let refused = parse(line.as_bytes()).unwrap_err();
            assert_eq!((refused.audience, refused.scope), (None, None), "{line}");
        }
        assert!(parse(b"{\"audience\":\"\xff\"}").is_err());
    }
}
