use std::{fmt, str::FromStr, sync::Arc};

use super::{InvalidText, text};

/// The tenant's own key for a chat, unique within an [`Audience`](super::Audience): `lesson-42`.
///
/// 1 to 255 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Arc<str>);

impl Scope {
    /// The scope as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = InvalidText;

    fn from_str(scope: &str) -> Result<Self, Self::Err> {
        text::check(scope)?;
        Ok(Self(scope.into()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::MAX_TEXT_CHARS;

    #[test]
    fn a_scope_may_hold_any_printable_text() {
        for scope in ["lesson-42", "a/b c+d%é", " ", "課題 🦀", &"é".repeat(MAX_TEXT_CHARS)] {
            assert_eq!(scope.parse::<Scope>().unwrap().as_str(), scope);
        }
    }

    #[test]
    fn a_scope_is_neither_empty_nor_longer_than_255_characters() {
        assert_eq!("".parse::<Scope>(), Err(InvalidText::Empty));
        let long = "é".repeat(MAX_TEXT_CHARS + 1);
        assert_eq!(long.parse::<Scope>(), Err(InvalidText::TooLong));
    }

    #[test]
    fn a_scope_holds_no_control_character() {
        for scope in ["a\0b", "a\nb", "\u{7f}", "\u{85}"] {
            assert_eq!(scope.parse::<Scope>(), Err(InvalidText::ControlCharacter), "{scope:?}");
        }
    }
}
