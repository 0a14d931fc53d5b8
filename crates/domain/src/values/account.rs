use std::{fmt, str::FromStr, sync::Arc};

use super::{Audience, InvalidText, text};

/// Who calls: a label within an audience, written `label.audience` (`tutor-7.school.example.org`).
///
/// Two accounts are the same if both parts are. The written form is for people and configuration: it
/// is split at its first dot, so an account whose label holds a dot (a token may name one) cannot be
/// written, and is never mistaken for another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    label: Arc<str>,
    audience: Audience,
}

/// Why a text names no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccount {
    /// There is no dot between a label and an audience.
    #[error("is not of the form label.audience")]
    NoAudience,
    /// The label breaks the rules of text.
    #[error("has a label that {0}")]
    Label(InvalidText),
    /// The audience breaks the rules of text.
    #[error("has an audience that {0}")]
    Audience(InvalidText),
}

impl Account {
    /// The account `label` of `audience`. A label keeps the rules of an audience's text.
    pub fn new(label: &str, audience: Audience) -> Result<Self, InvalidAccount> {
        text::check_without_white_space(label).map_err(InvalidAccount::Label)?;
        Ok(Self { label: label.into(), audience })
    }

    /// The account's name within its audience.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The audience that the account belongs to.
    #[must_use]
    pub fn audience(&self) -> &Audience {
        &self.audience
    }
}

impl FromStr for Account {
    type Err = InvalidAccount;

    fn from_str(account: &str) -> Result<Self, Self::Err> {
        let (label, audience) = account.split_once('.').ok_or(InvalidAccount::NoAudience)?;
        Self::new(label, audience.parse().map_err(InvalidAccount::Audience)?)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.label, self.audience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_is_split_at_its_first_dot() {
        let account: Account = "tutor-7.school.example.org".parse().unwrap();
        assert_eq!(account.label(), "tutor-7");
        assert_eq!(account.audience().as_str(), "school.example.org");
        assert_eq!(account.to_string(), "tutor-7.school.example.org");
    }

    #[test]
    fn a_label_with_a_dot_does_not_make_one_account_pass_for_another() {
        let dotted = Account::new("tutor-7.school", "example.org".parse().unwrap()).unwrap();
        let other: Account = "tutor-7.school.example.org".parse().unwrap();
        assert_eq!(dotted.to_string(), other.to_string());
        assert_ne!(dotted, other);
    }

    #[test]
    fn both_parts_must_be_there() {
        assert_eq!("tutor".parse::<Account>(), Err(InvalidAccount::NoAudience));
        assert_eq!(
            ".example.org".parse::<Account>(),
            Err(InvalidAccount::Label(InvalidText::Empty))
        );
        assert_eq!("tutor.".parse::<Account>(), Err(InvalidAccount::Audience(InvalidText::Empty)));
    }
}
