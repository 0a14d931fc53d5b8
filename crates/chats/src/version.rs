//! What was built, and from what.

/// The version of the release that this is, or is to become.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that this was built from, or `unknown`.
pub(crate) const COMMIT: &str = env!("CHATS_COMMIT");

/// Both, for people.
pub(crate) const VERSION_AND_COMMIT: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("CHATS_COMMIT"), ")");
