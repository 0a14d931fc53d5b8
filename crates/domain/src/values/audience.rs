use std::{fmt, str::FromStr, sync::Arc};

use super::{InvalidText, text};

/// A tenant's name space, shaped like a domain name: `school.example.org`.
///
/// 1 to 255 characters, none of them a control character or white space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Audience(Arc<str>);

impl Audience {
    /// The audience as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Audience {
    type Err = InvalidText;

    fn from_str(audience: &str) -> Result<Self, Self::Err> {
        text::check_without_white_space(audience)?;
        Ok(Self(audience.into()))
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_holds_no_white_space() {
        for audience in ["a b", " a", "a\u{a0}b", "a\u{2003}b"] {
            assert_eq!(audience.parse::<Audience>(), Err(InvalidText::WhiteSpace), "{audience:?}");
        }
        assert_eq!("a\tb".parse::<Audience>(), Err(InvalidText::ControlCharacter));
        assert!("school.example.org".parse::<Audience>().is_ok());
    }
}
