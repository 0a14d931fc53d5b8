//! What a token says (RFC 7519 §4.1), read and written.

use std::time::Duration;

use chats_domain::values::{Account, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

use crate::refusal::Refusal;
use crate::token::present;

/// The claims of a token, as far as they matter here. None of them stands there twice, and none is `null`.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    #[serde(default, deserialize_with = "present")]
    pub(crate) iss: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) aud: Option<Aud>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) sub: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) exp: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) nbf: Option<NumericDate>,
}

/// An audience, written as a string or as a list of one: both say the same. A list of several does not
/// tell which of them an account belongs to.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Aud {
    Text(String),
    List([String; 1]),
}

/// Seconds since the Unix epoch, perhaps with a fraction. What is beyond a [`Timestamp`] is the first or
/// the last one there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumericDate(pub(crate) Timestamp);

/// When a token counts: from `nbf` until `exp`, give or take the `leeway` that clocks may differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period {
    nbf: Option<NumericDate>,
    exp: Option<NumericDate>,
    leeway: Duration,
}

/// The claims of a token that is to be signed.
#[derive(Debug, Serialize)]
pub(crate) struct NewClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: i64,
    exp: i64,
}

impl Claims {
    /// When the token counts, where clocks may differ by `leeway`.
    pub(crate) fn period(&self, leeway: Duration) -> Period {
        Period { nbf: self.nbf, exp: self.exp, leeway }
    }
}

impl Period {
    /// Refuses a token that does not count at the moment `now`.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.exp.is_some_and(|exp| exp.0.plus(self.leeway) <= now) {
            return Err(Refusal::Expired);
        }
        if self.nbf.is_some_and(|nbf| now.plus(self.leeway) < nbf.0) {
            return Err(Refusal::NotValidYet);
        }
        Ok(())
    }
}

impl Aud {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Text(aud) | Self::List([aud]) => aud,
        }
    }
}

impl<'a> NewClaims<'a> {
    /// The claims of a token that stands for `account` from `now` on, and is written for `aud`.
    pub(crate) fn new(
        issuer: &'a str,
        account: &'a Account,
        aud: &'a str,
        now: Timestamp,
        lifetime: Duration,
    ) -> Self {
        Self {
            iss: issuer,
            aud,
            sub: account.label(),
            iat: now.as_unix_seconds(),
            exp: now.plus(lifetime).as_unix_seconds(),
        }
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates, and less than a microsecond is cut"
    )]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = Number::deserialize(deserializer)?;
        let micros = match (seconds.as_i64(), seconds.as_f64()) {
            (Some(seconds), _) => seconds.saturating_mul(1_000_000),
            (None, Some(seconds)) => (seconds * 1e6) as i64,
            (None, None) => return Err(serde::de::Error::custom("not a number of seconds")),
        };
        Ok(Self(Timestamp::from_unix_micros(micros)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEEWAY: Duration = Duration::from_secs(30);

    fn claims(json: &str) -> Claims {
        serde_json::from_str(json).unwrap()
    }

    fn at(seconds: i64, micros: i64) -> Timestamp {
        Timestamp::from_unix_micros(seconds * 1_000_000 + micros)
    }

    #[test]
    fn a_token_ends_when_its_leeway_is_over() {
        let claims = claims(r#"{"exp": 1000}"#);
        let (late, exact) = (claims.period(LEEWAY), claims.period(Duration::ZERO));
        assert_eq!(late.check(at(1000, 0)), Ok(()));
        assert_eq!(late.check(at(1029, 999_999)), Ok(()));
        assert_eq!(late.check(at(1030, 0)), Err(Refusal::Expired));
        assert_eq!(exact.check(at(1000, 0)), Err(Refusal::Expired));
        assert_eq!(exact.check(at(999, 999_999)), Ok(()));
    }

    #[test]
    fn a_token_starts_a_leeway_early() {
        let claims = claims(r#"{"nbf": 1000}"#);
        let (early, exact) = (claims.period(LEEWAY), claims.period(Duration::ZERO));
        assert_eq!(early.check(at(969, 999_999)), Err(Refusal::NotValidYet));
        assert_eq!(early.check(at(970, 0)), Ok(()));
        assert_eq!(exact.check(at(999, 999_999)), Err(Refusal::NotValidYet));
        assert_eq!(exact.check(at(1000, 0)), Ok(()));
    }

    #[test]
    fn a_token_without_times_knows_no_end_and_no_start() {
        let always = claims("{}").period(LEEWAY);
        assert_eq!(always.check(at(i64::MAX / 1_000_000, 0)), Ok(()));
        assert_eq!(always.check(at(0, 0)), Ok(()));
    }

    #[test]
    fn a_date_may_have_a_fraction_and_is_cut_to_what_a_timestamp_holds() {
        for (json, micros) in [
            ("0", 0),
            ("1.5", 1_500_000),
            ("1.7e9", 1_700_000_000_000_000),
            ("-1", -1_000_000),
            ("-0.5", -500_000),
            ("9223372036854775807", i64::MAX),
            ("18446744073709551615", i64::MAX),
            ("99999999999999999999999999", i64::MAX),
            ("1e300", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("-1e300", i64::MIN),
        ] {
            let date: NumericDate = serde_json::from_str(json).unwrap();
            assert_eq!(date.0.as_unix_micros(), micros, "{json}");
        }
    }

    #[test]
    fn a_date_is_a_number() {
        for json in [r#""1000""#, "null", "true", "[1000]", "{}", "1e400", "NaN", ""] {
            assert!(serde_json::from_str::<NumericDate>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_audience_is_one_text_or_a_list_of_one() {
        for json in [r#"{"aud": "a"}"#, r#"{"aud": ["a"]}"#] {
            assert_eq!(claims(json).aud.unwrap().as_str(), "a");
        }
        for aud in [
            r#"["a", "b"]"#,
            r#"["a", "a"]"#,
            "[]",
            "[1]",
            "1",
            "null",
            r#"{"a": 1}"#,
            r#"[["a"]]"#,
        ] {
            let json = format!(r#"{{"aud": {aud}}}"#);
            assert!(serde_json::from_str::<Claims>(&json).is_err(), "{json}");
        }
    }

    #[test]
    fn no_claim_stands_there_twice_or_as_null() {
        for (claim, value) in [("aud", r#""a""#), ("sub", r#""a""#), ("exp", "1"), ("nbf", "1")] {
            let once = format!(r#"{{"{claim}": {value}}}"#);
            assert!(serde_json::from_str::<Claims>(&once).is_ok(), "{once}");
            let twice = format!(r#"{{"{claim}": {value}, "{claim}": {value}}}"#);
            assert!(serde_json::from_str::<Claims>(&twice).is_err(), "{twice}");
            let null = format!(r#"{{"{claim}": null}}"#);
            assert!(serde_json::from_str::<Claims>(&null).is_err(), "{null}");
        }
    }
}
