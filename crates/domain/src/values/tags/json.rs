//! JSON as a tree of borrowed text, in which numbers keep every digit.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::decimal::Decimal;
use super::{InvalidTags, Tags};

/// A JSON value. Two are equal if they say the same.
#[derive(Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Decimal<'a>),
    Text(String),
    Array(Vec<Json<'a>>),
    Object(BTreeMap<String, Json<'a>>),
}

impl<'a> Json<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, InvalidTags> {
        Self::read(serde_json::from_str(text).map_err(|e| syntax(&e))?, 1)
    }

    /// Reads one value; an object or an array in it stands on `level`.
    ///
    /// The parser hands out the members of one level as raw text, so that no number is ever rounded.
    /// It goes over the text once for each level, of which there are few.
    fn read(raw: &'a RawValue, level: usize) -> Result<Self, InvalidTags> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{' | b'[') if level > Tags::MAX_LEVELS => return Err(InvalidTags::TooDeep),
            Some(b'{') => Self::Object(read_object(text, level)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| syntax(&e))?;
                let items = items.into_iter().map(|item| Self::read(item, level + 1));
                Self::Array(items.collect::<Result<_, _>>()?)
            }
            Some(b'"') => {
                Self::Text(without_nul(serde_json::from_str(text).map_err(|e| syntax(&e))?)?)
            }
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            _ => Self::Number(Decimal::of_json(text)),
        })
    }
}

fn read_object(text: &str, level: usize) -> Result<BTreeMap<String, Json<'_>>, InvalidTags> {
    let members = serde_json::Deserializer::from_str(text)
        .deserialize_map(Members)
        .map_err(|e| syntax(&e))?;
    let mut object = BTreeMap::new();
    for (name, value) in members {
        let name = without_nul(name)?;
        let value = Json::read(value, level + 1)?;
        if object.contains_key(&name) {
            return Err(InvalidTags::RepeatedName(name));
        }
        object.insert(name, value);
    }
    Ok(object)
}

fn without_nul(text: String) -> Result<String, InvalidTags> {
    if text.contains('\0') { Err(InvalidTags::NulCharacter) } else { Ok(text) }
}

fn syntax(error: &serde_json::Error) -> InvalidTags {
    InvalidTags::Syntax(error.to_string())
}

/// Collects the members of an object in their order, repeated ones too.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
