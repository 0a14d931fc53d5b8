//! The rule that audiences, scopes and account labels share.

/// The most characters (Unicode scalar values) that an audience, a scope or an account's label has.
pub const MAX_TEXT_CHARS: usize = 255;

/// Why a text is not an audience, a scope or a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text has more than [`MAX_TEXT_CHARS`] characters.
    #[error("has more than {MAX_TEXT_CHARS} characters")]
    TooLong,
    /// The text holds a control character (Unicode category Cc), U+0000 among them.
    #[error("holds a control character")]
    ControlCharacter,
    /// The text holds white space where none is allowed.
    #[error("holds white space")]
    WhiteSpace,
}

/// Checks what all of them share: 1 to [`MAX_TEXT_CHARS`] characters, none a control character.
pub(super) fn check(text: &str) -> Result<(), InvalidText> {
    if text.is_empty() {
        return Err(InvalidText::Empty);
    }
    if text.chars().nth(MAX_TEXT_CHARS).is_some() {
        return Err(InvalidText::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidText::ControlCharacter);
    }
    Ok(())
}

/// Checks what [`check`] does, and that there is no white space.
pub(super) fn check_without_white_space(text: &str) -> Result<(), InvalidText> {
    check(text)?;
    if text.chars().any(char::is_whitespace) {
        return Err(InvalidText::WhiteSpace);
    }
    Ok(())
}
