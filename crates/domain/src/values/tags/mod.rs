mod decimal;
mod json;

use std::fmt;
use std::sync::Arc;

use json::Json;

/// Arbitrary tags of a chat: a JSON object, kept as it was written.
///
/// At most [`MAX_BYTES`](Self::MAX_BYTES) long and [`MAX_LEVELS`](Self::MAX_LEVELS) deep, with no name
/// twice in one object and no U+0000 in any name or string.
///
/// Since the text is kept, every digit of every number is. Two tags are equal if they say the same:
/// the order of names, white space and the way a number is written (`1.0`, `1`, `10e-1`) do not count.
#[derive(Clone)]
pub struct Tags(Arc<str>);

/// Why a text is not a chat's tags.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTags {
    /// The text is longer than [`Tags::MAX_BYTES`].
    #[error("are longer than {} KiB", Tags::MAX_BYTES / 1024)]
    TooLong,
    /// Objects and arrays are nested more than [`Tags::MAX_LEVELS`] deep.
    #[error("are nested more than {} levels deep", Tags::MAX_LEVELS)]
    TooDeep,
    /// The text is JSON, but no object.
    #[error("are not a JSON object")]
    NotAnObject,
    /// An object has a name more than once.
    #[error("have the name {0:?} twice in one object")]
    RepeatedName(String),
    /// A name or a string holds U+0000, which PostgreSQL cannot store.
    #[error("hold the character U+0000")]
    NulCharacter,
    /// The text is not JSON.
    #[error("are not JSON: {0}")]
    Syntax(String),
}

impl Tags {
    /// The most bytes that tags have, as written.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// How deep objects and arrays may be nested. The tags themselves are the first level.
    pub const MAX_LEVELS: usize = 32;

    /// Reads tags from JSON text.
    pub fn parse(text: &str) -> Result<Self, InvalidTags> {
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidTags::TooLong);
        }
        match Json::parse(text)? {
            Json::Object(_) => Ok(Self(text.trim().into())),
            _ => Err(InvalidTags::NotAnObject),
        }
    }

    /// Tags that were stored, which were parsed before: nothing is checked again.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The JSON text, as it was written.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Tags {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
            || matches!((Json::parse(&self.0), Json::parse(&other.0)), (Ok(a), Ok(b)) if a == b)
    }
}

impl fmt::Debug for Tags {
    /// Shows the size only: tags are the tenant's data, and no log is to hold them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tags({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Tags {
        Tags::parse(text).unwrap()
    }

    fn nested(levels: usize) -> String {
        format!("{}{}{}", r#"{"a":"#.repeat(levels - 1), "{}", "}".repeat(levels - 1))
    }

    #[test]
    fn every_digit_is_kept() {
        let text = r#"{"n":1234567890123456789012345678901234567890,"d":0.123456789012345678901234567890}"#;
        assert_eq!(tags(text).as_json(), text);
    }

    #[test]
    fn tags_that_say_the_same_are_equal() {
        assert_eq!(
            tags(r#"{"a":1,"b":[true,null]}"#),
            tags(r#" { "b" : [true, null], "a" : 1.0 } "#)
        );
        assert_eq!(tags(r#"{"a":"\u00e9"}"#), tags(r#"{"a":"é"}"#));
        assert_ne!(tags(r#"{"a":1}"#), tags(r#"{"a":"1"}"#));
        assert_ne!(tags(r#"{"a":[1,2]}"#), tags(r#"{"a":[2,1]}"#));
        assert_ne!(tags("{}"), tags(r#"{"a":null}"#));
    }

    #[test]
    fn numbers_that_differ_in_their_last_digit_differ() {
        let one = tags(r#"{"n":1234567890123456789012345678901234567890}"#);
        let two = tags(r#"{"n":1234567890123456789012345678901234567891}"#);
        assert_ne!(one, two);
    }

    #[test]
    fn tags_are_an_object() {
        for text in ["[]", "1", "null", "true", r#""a""#] {
            assert_eq!(Tags::parse(text), Err(InvalidTags::NotAnObject), "{text}");
        }
        for text in ["", "{", "{]", "{'a':1}", r#"{"a":01}"#, "{} {}", r#"{"a":NaN}"#] {
            assert!(matches!(Tags::parse(text), Err(InvalidTags::Syntax(_))), "{text}");
        }
    }

    #[test]
    fn tags_have_bounds_in_size_and_depth() {
        let filling = "x".repeat(Tags::MAX_BYTES - r#"{"a":""}"#.len());
        assert!(Tags::parse(&format!(r#"{{"a":"{filling}"}}"#)).is_ok());
        assert_eq!(Tags::parse(&format!(r#"{{"a":"{filling}x"}}"#)), Err(InvalidTags::TooLong));

        assert!(Tags::parse(&nested(Tags::MAX_LEVELS)).is_ok());
        assert_eq!(Tags::parse(&nested(Tags::MAX_LEVELS + 1)), Err(InvalidTags::TooDeep));
        let brackets = format!(r#"{{"a":{}{}}}"#, "[".repeat(8_000), "]".repeat(8_000));
        assert_eq!(Tags::parse(&brackets), Err(InvalidTags::TooDeep));
    }

    #[test]
    fn a_repeated_name_is_refused_at_every_level_however_it_is_written() {
        for text in [r#"{"a":1,"a":2}"#, r#"{"x":[{"a":1,"\u0061":2}]}"#] {
            assert_eq!(Tags::parse(text), Err(InvalidTags::RepeatedName("a".into())), "{text}");
        }
    }

    #[test]
    fn what_postgresql_cannot_store_is_refused() {
        for text in [r#"{"a":"\u0000"}"#, r#"{"\u0000":1}"#, r#"{"a":[{"b":"x\u0000"}]}"#] {
            assert_eq!(Tags::parse(text), Err(InvalidTags::NulCharacter), "{text}");
        }
        for text in [r#"{"a":"\ud800"}"#, r#"{"\udc00":1}"#, r#"{"a":"\ud800\ud800"}"#] {
            assert!(matches!(Tags::parse(text), Err(InvalidTags::Syntax(_))), "{text}");
        }
        assert!(Tags::parse(r#"{"a":"\ud83e\udd80"}"#).is_ok());
    }

    #[test]
    fn a_number_of_any_size_is_a_number() {
        assert_eq!(tags(r#"{"n":1e999999}"#).as_json(), r#"{"n":1e999999}"#);
        assert_ne!(tags(r#"{"n":1e999999}"#), tags(r#"{"n":1e999998}"#));
    }

    #[test]
    fn debug_output_shows_no_tag() {
        assert_eq!(format!("{:?}", tags(r#"{"a":"secret"}"#)), "Tags(14 bytes)");
    }
}
