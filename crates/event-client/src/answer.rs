//! What an answer means. The status alone misleads.

use chats_domain::ports::Cause;
use chats_domain::ports::EventRoomsError::{self, Refused, Unavailable, Unknown};
use reqwest::{Response, StatusCode, header};

use crate::error::Failure;
use crate::wire::{Problem, Room};

/// The longest body that is read. A room takes less than a kilobyte, unless its tags are long.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// An answer that came to its end.
pub(crate) struct Answer {
    status: StatusCode,
    is_json: bool,
    body: Vec<u8>,
}

impl Answer {
    /// Reads the whole answer.
    pub(crate) async fn read(mut response: Response) -> Result<Self, EventRoomsError> {
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| Unknown(Failure::NoAnswer(error).into()))?
        {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(Unknown(Failure::TooLong.into()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status: response.status(), is_json: is_json(&response), body })
    }

    /// The room that the answer holds; `None` if it says that there is none.
    pub(crate) fn into_room(self) -> Result<Option<Room>, EventRoomsError> {
        let status = self.status.as_u16();
        if let 200 | 201 = status {
            return match serde_json::from_slice(&self.body) {
                Ok(room) => Ok(Some(room)),
                Err(error) => Err(Unknown(no_room(status, &error).into())),
            };
        }

        let problem = serde_json::from_slice::<Problem>(&self.body);
        let is_garbled = self.is_json && problem.is_err();
        let name = problem.ok().and_then(|problem| problem.name).filter(|name| is_a_name(name));
        let outcome: fn(Cause) -> EventRoomsError = match (status, name.as_deref()) {
            (404, Some("room_not_found")) => return Ok(None),
            (
                422,
                Some(
                    "authorization_failed"
                    | "broker_request_failed"
                    | "database_connection_acquisition_failed",
                ),
            )
            | (429, _) => Unavailable,
            (422, Some("database_query_failed")) | (408, _) => Unknown,
            // It might have told of a missing room or of a failed query, had it come whole.
            (404 | 422, None) if is_garbled => Unknown,
            (301 | 302 | 307 | 308 | 400..=499, _) => Refused,
            _ => Unknown,
        };
        Err(outcome(Failure::Answered { status, name }.into()))
    }
}

fn is_json(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    content_type
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| media_type.trim().to_ascii_lowercase().ends_with("json"))
}

/// Tells where the body went wrong, and not what it says there.
fn no_room(status: u16, error: &serde_json::Error) -> Failure {
    Failure::NoRoom { status, line: error.line(), column: error.column() }
}

/// Whether a text looks like the names that the event service gives to its errors, so that the log may
/// show it.
fn is_a_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = r#"{"id":"5f0e2a0c-6f5e-4e0e-9a5e-0d3b6a1c9f10","audience":"a.org",
        "time":[1732281600,null],"tags":{"deep":[[[1]]]},"created_at":1732281600,
        "preserve_history":true,"classroom_id":"0193a5c0-7b1e-7cc3-9d3e-2f6a1c0b8e11",
        "locked_types":{},"whiteboard_access":{},"kind":"Webinar"}"#;

    #[test]
    fn each_answer_means_what_the_table_says() {
        for (status, body, expected) in [
            (200, ROOM, "room"),
            (201, ROOM, "room"),
            (200, r#"{"id":"5f0e"}"#, "unknown"),
            (201, "", "unknown"),
            (201, "created", "unknown"),
            (202, ROOM, "unknown"),
            (204, "", "unknown"),
            (101, "", "unknown"),
            (300, "", "unknown"),
            (301, "", "refused"),
            (302, "", "refused"),
            (303, "", "unknown"),
            (304, "", "unknown"),
            (307, "", "refused"),
            (308, "", "refused"),
            (400, r#"{"type":"invalid_payload"}"#, "refused"),
            (400, "Json deserialize error", "refused"),
            (401, r#"{"type":"no_authentication_token"}"#, "refused"),
            (401, r#"{"type":"invalid_authentication"}"#, "refused"),
            (403, r#"{"type":"access_denied"}"#, "refused"),
            (403, r#"{"type":"authorization_failed"}"#, "refused"),
            (404, r#"{"type":"room_not_found"}"#, "no room"),
            (404, r#"{"type":"room_closed"}"#, "refused"),
            (404, "room_not_found", "refused"),
            (404, "", "refused"),
            (404, r#"{"type":"room_not_f"#, "unknown"),
            (405, "", "refused"),
            (408, "", "unknown"),
            (409, r#"{"type":"room_not_found"}"#, "refused"),
            (413, "", "refused"),
            (422, "Failed to deserialize the JSON body", "refused"),
            (422, "", "refused"),
            (422, r#"{"type":"invalid_room_time"}"#, "refused"),
            (422, r#"{"title":"no name"}"#, "refused"),
            (422, r#"{"type":"room_not_found"}"#, "refused"),
            (422, r#"{"type":"database_connection_acquisition_failed"}"#, "unavailable"),
            (422, r#"{"type":"authorization_failed"}"#, "unavailable"),
            (422, r#"{"type":"broker_request_failed"}"#, "unavailable"),
            (422, r#"{"type":"database_query_failed"}"#, "unknown"),
            (422, r#"{"type":"database_que"#, "unknown"),
            (429, "slow down", "unavailable"),
            (500, r#"{"type":"access_denied"}"#, "unknown"),
            (502, "<html>", "unknown"),
            (503, r#"{"type":"authorization_failed"}"#, "unknown"),
            (503, "", "unknown"),
            (504, "", "unknown"),
            (520, "", "unknown"),
            (999, "", "unknown"),
        ] {
            let meaning = meaning_of(answer(status, body));
            assert_eq!(meaning, expected, "{status} {body}");
        }
    }

    #[test]
    fn an_error_is_known_by_its_name_whatever_its_content_type() {
        let body = r#"{"type":"database_query_failed","title":"Database query failed"}"#;
        let is_json = false;
        assert_eq!(meaning_of(Answer { is_json, ..answer(422, body) }), "unknown");
    }

    #[test]
    fn a_classroom_that_is_no_uuid_is_no_chat() {
        for classroom in [
            "",
            r#","classroom_id":null"#,
            r#","classroom_id":"lesson-42""#,
            r#","classroom_id":7"#,
        ] {
            let body = format!(
                r#"{{"id":"5f0e2a0c-6f5e-4e0e-9a5e-0d3b6a1c9f10","audience":"a.org"{classroom}}}"#
            );
            let room = answer(200, &body).into_room().unwrap().unwrap();
            assert_eq!(room.classroom_id, None, "{classroom}");
        }
    }

    #[test]
    fn the_log_learns_the_status_and_the_name_and_nothing_else_of_the_body() {
        for (status, body, expected) in [
            (
                403,
                r#"{"type":"access_denied","title":"secret","detail":"secret"}"#,
                "the answer is 403 access_denied",
            ),
            (400, r#"{"type":"Bearer secret"}"#, "the answer is 400 without a name"),
            (500, "secret", "the answer is 500 without a name"),
            (201, r#"{"id":"secret"}"#, "the answer is 201, but holds no room (line 1, column 14)"),
        ] {
            let (Refused(cause) | Unavailable(cause) | Unknown(cause)) =
                answer(status, body).into_room().unwrap_err();
            assert_eq!(cause.to_string(), expected);
            assert!(cause.source().is_none());
        }
    }

    #[test]
    fn a_name_is_short() {
        assert!(is_a_name("room_not_found"));
        assert!(is_a_name(&"a".repeat(64)));
        for text in ["", "Room", "a b", "a\nb", "é", &"a".repeat(65)] {
            assert!(!is_a_name(text), "{text:?}");
        }
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            is_json: body.starts_with('{'),
            body: body.into(),
        }
    }

    fn meaning_of(answer: Answer) -> &'static str {
        match answer.into_room() {
            Ok(Some(_)) => "room",
            Ok(None) => "no room",
            Err(Refused(_)) => "refused",
            Err(Unavailable(_)) => "unavailable",
            Err(Unknown(_)) => "unknown",
        }
    }
}
