//! What works, and is perhaps not meant.

/// Something to be said of a setting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) setting: String,
    pub(crate) says: String,
}

impl Warning {
    pub(crate) fn new(setting: impl Into<String>, says: impl Into<String>) -> Self {
        Self { setting: setting.into(), says: says.into() }
    }
}

/// Puts each into the log.
pub(crate) fn log(warnings: impl IntoIterator<Item = Warning>) {
    for Warning { setting, says } in warnings {
        tracing::warn!(setting, "{says}");
    }
}
