use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Payload};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Kind, Problem};

/// The most bytes that a request's body has.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;

/// Receives a JSON body, checking what it says it is, how long it gets, and how much `time` it takes.
pub(crate) async fn receive(
    request: &HttpRequest,
    payload: Payload,
    time: Duration,
) -> Result<Bytes, Problem> {
    if !is_json(request) {
        let detail = "The body's Content-Type is not application/json.";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    if request.headers().contains_key(CONTENT_ENCODING) {
        let detail = "The body has a Content-Encoding; send it as it is.";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let received = timeout(time, payload.to_bytes_limited(MAX_BODY_BYTES)).await;
    match received {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(Problem::new(Kind::InvalidPayload, "The body was cut off.")),
        Err(_) => Err(Problem::new(Kind::InvalidPayload, "The body did not arrive in time.")),
        Ok(Err(_)) => {
            let detail = format!("The body is longer than {} KiB.", MAX_BODY_BYTES / 1024);
            Err(Problem::new(Kind::PayloadTooLarge, detail))
        }
    }
}

/// The most characters of a detail that repeats a part of the body.
const MAX_DETAIL_CHARS: usize = 300;

fn is_json(request: &HttpRequest) -> bool {
    let mut types = request.headers().get_all(CONTENT_TYPE);
    let essence = types
        .next()
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split_once(';').map_or(value, |(essence, _)| essence).trim());
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
        && types.next().is_none()
}

/// The members of a JSON object, each as it was written. None stands there twice.
pub(crate) struct JsonObject<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> JsonObject<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map_err(|error| {
            if error.is_data() && !matches!(body.trim_ascii_start().first(), Some(b'{')) {
                return invalid("The body is not a JSON object.".to_owned());
            }
            invalid(format!("The body is invalid: {error}."))
        })
    }

    /// The string `name`, as the value that `parse` makes of it.
    pub(crate) fn string<T, E: fmt::Display>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Problem> {
        let raw = self
            .optional(name)
            .ok_or_else(|| invalid(format!("In the body, '{name}' is missing.")))?;
        let text: String = serde_json::from_str(raw)
            .map_err(|_| invalid(format!("In the body, '{name}' is not a string.")))?;
        parse(&text).map_err(|rule| invalid(format!("In the body, '{name}' {rule}.")))
    }

    /// The JSON text of `name`, if it is there.
    pub(crate) fn optional(&self, name: &'static str) -> Option<&'a str> {
        self.0.get(name).map(|value| value.get())
    }
}

impl<'de> Deserialize<'de> for JsonObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members).map(Self)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = BTreeMap<String, &'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, _>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the member {name:?} appears twice")));
            }
            members.insert(name, value);
        }
        Ok(members)
    }
}

/// A body that breaks a rule.
pub(crate) fn invalid(mut detail: String) -> Problem {
    // Names in it come from the body, which may be long.
    if let Some((end, _)) = detail.char_indices().nth(MAX_DETAIL_CHARS) {
        detail.replace_range(end.., "…");
    }
    Problem::new(Kind::InvalidPayload, detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn members_are_kept_as_they_were_written() {
        let body = JsonObject::parse(br#" {"a": 1.50 , "b" : {"c":[ ]}} "#).unwrap();
        assert_eq!(body.optional("a"), Some("1.50"));
        assert_eq!(body.optional("b"), Some(r#"{"c":[ ]}"#));
        assert_eq!(body.optional("c"), None);
    }

    #[test]
    fn a_repeated_member_is_refused_even_if_it_is_an_unknown_one_written_otherwise() {
        assert!(JsonObject::parse(br#"{"a":1,"\u0061":1}"#).is_err());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["", "[]", "null", "1", "{", r#"{"a":1}x"#, "{\"a\":\"\u{1}\"}", "\u{feff}{}"] {
            assert!(JsonObject::parse(body.as_bytes()).is_err(), "{body:?}");
        }
        assert!(JsonObject::parse(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn deep_nesting_is_no_trouble() {
        let body = format!(r#"{{"a":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
        assert!(JsonObject::parse(body.as_bytes()).is_ok());
    }

    /// An object, of which some names stand there twice, with a change somewhere.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        let name = prop_oneof!["[ab]", Just(r"\u0061".to_owned()), "\\PC{0,4}"];
        let value = prop::sample::select(vec![
            "1",
            "1e400",
            "-0",
            "01",
            "null",
            "tru",
            r#""a""#,
            r#""\ud800""#,
            "[1,{}]",
            "{\"a\":[[]]}",
            "",
        ]);
        let members = prop::collection::vec((name, value), 0..5);
        let change = (any::<prop::sample::Index>(), any::<u8>());
        (members, prop::option::weighted(0.3, change)).prop_map(|(members, change)| {
            let members = members.iter().map(|(name, value)| format!("\"{name}\": {value}"));
            let mut body = format!("{{{}}}", members.collect::<Vec<_>>().join(",")).into_bytes();
            if let Some((at, byte)) = change {
                let at = at.index(body.len());
                body[at] = byte;
            }
            body
        })
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_any_reader_of_json_reads(body in bodies()) {
            let Ok(object) = JsonObject::parse(&body) else {
                // Members that are repeated are lost to that reader, and numbers may be too great for it.
                return Ok(());
            };
            let text = std::str::from_utf8(&body).unwrap();
            for (name, raw) in &object.0 {
                prop_assert!(text.contains(raw.get()), "{name}");
            }
            if let Ok(read) = serde_json::from_slice::<Value>(&body) {
                let names: Vec<_> = read.as_object().unwrap().keys().collect();
                prop_assert_eq!(object.0.keys().collect::<Vec<_>>(), names);
                for (name, raw) in &object.0 {
                    let value: Value = serde_json::from_str(raw.get()).unwrap();
                    prop_assert_eq!(&value, &read[name]);
                }
            }
        }

        #[test]
        fn what_no_reader_of_json_reads_is_refused(body in prop::collection::vec(any::<u8>(), 0..40)) {
            let is_object = serde_json::from_slice::<BTreeMap<String, &RawValue>>(&body).is_ok();
            prop_assert!(is_object || JsonObject::parse(&body).is_err());
        }
    }
}
