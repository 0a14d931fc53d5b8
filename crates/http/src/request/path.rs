use std::borrow::Cow;
use std::fmt;

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::problem::{Kind, Problem};

/// The path of a request, as the client sent it.
///
/// The framework decodes paths leniently. Here a segment is percent-encoded UTF-8 (RFC 3986, section
/// 2.1), in which `%2F` is a slash that separates nothing.
pub(crate) struct Path<'a>(&'a str);

impl<'a> Path<'a> {
    pub(crate) fn of(request: &'a HttpRequest) -> Self {
        Self(request.uri().path())
    }

    /// The segment at `index`, as the value that `parse` makes of it. `/api` has the index 0.
    pub(crate) fn segment<T, E: fmt::Display>(
        &self,
        index: usize,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Problem> {
        let segment = self.0.split('/').nth(index + 1).unwrap_or_default();
        let text = decode(segment).ok_or_else(|| invalid(name, "is not percent-encoded UTF-8"))?;
        parse(&text).map_err(|rule| invalid(name, rule))
    }
}

fn decode(segment: &str) -> Option<Cow<'_, str>> {
    let is_encoded =
        |rest: &str| rest.get(..2).is_some_and(|it| it.bytes().all(|b| b.is_ascii_hexdigit()));
    if !segment.split('%').skip(1).all(is_encoded) {
        return None;
    }
    percent_decode_str(segment).decode_utf8().ok()
}

fn invalid(name: &'static str, rule: impl fmt::Display) -> Problem {
    Problem::new(Kind::InvalidParameter, format!("In the path, '{name}' {rule}."))
}

/// Parses a UUID in its textual form of 36 characters (RFC 9562, section 4).
pub(crate) fn parse_uuid(text: &str) -> Result<Uuid, NotAUuid> {
    match Uuid::try_parse(text) {
        Ok(uuid) if text.len() == 36 => Ok(uuid),
        _ => Err(NotAUuid),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a UUID")]
pub(crate) struct NotAUuid;

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_uuid_has_one_textual_form() {
        let text = "0193a5c0-7b1e-7cc3-9d3e-2f6a1c0b8e11";
        assert_eq!(parse_uuid(text).unwrap().to_string(), text);
        assert!(parse_uuid(&text.to_uppercase()).is_ok());
        for other in ["", "convert", &text[1..], &text.replace('-', ""), &format!("{{{text}}}")] {
            assert_eq!(parse_uuid(other), Err(NotAUuid), "{other}");
        }
    }

    #[test]
    fn a_segment_is_decoded_once_and_after_the_path_was_split() {
        let path = Path("/api/v1/audiences/a.org/chats/a%2Fb%20c+d%25%C3%A9%2561");
        let scope = path.segment(5, "scope", |scope| Ok::<_, NotAUuid>(scope.to_owned()));
        assert_eq!(scope.unwrap(), "a/b c+d%é%61");
    }

    #[test]
    fn a_segment_that_is_not_percent_encoded_utf_8_is_refused() {
        for path in ["/%ff", "/%C3", "/%ED%A0%80", "/%zz", "/100%", "/%2", "/%+1"] {
            assert!(Path(path).segment(0, "scope", |_| Ok::<_, NotAUuid>(())).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_read_as_it_was_before_it_was_encoded(text in any::<String>()) {
            let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
            let path = format!("/a/{encoded}/b");
            let read = Path(&path).segment(1, "scope", |it| Ok::<_, NotAUuid>(it.to_owned()));
            prop_assert_eq!(read.unwrap(), text);
        }

        #[test]
        fn a_segment_is_read_if_nothing_of_it_is_lost(segment in "[%0-9a-gA-G+./é-]{0,12}") {
            if let Some(text) = decode(&segment) {
                let decoded: Vec<u8> = percent_decode_str(&segment).collect();
                prop_assert_eq!(text.as_bytes(), decoded);
                let signs = segment.matches('%').count();
                prop_assert_eq!(text.len() + 2 * signs, segment.len());
            }
        }

        #[test]
        fn a_uuid_is_read_as_it_is_written(text in "[0-9a-fA-F-]{30,38}|[0-9a-f]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-f]{12}|\\PC{0,36}") {
            if let Ok(uuid) = parse_uuid(&text) {
                prop_assert_eq!(uuid.to_string(), text.to_lowercase());
            }
        }
    }
}
