use std::fmt;

use figment::error::Kind;
use figment::{Figment, Metadata, Source};

use super::load::ENV_PREFIX;

/// A setting that stops the start. Names the key and where its value came from, never the value: it
/// may be a secret.
#[derive(Debug)]
pub(crate) struct ConfigError {
    key: String,
    source: Option<String>,
    reason: String,
}

impl ConfigError {
    pub(super) fn at(key: &str, figment: &Figment, reason: String) -> Self {
        let keys: Vec<_> = key.split('.').map(str::to_owned).collect();
        // A name with a dot in it cannot be looked up; what it stands in can.
        let metadata = figment.find_metadata(key).or_else(|| figment.find_metadata(&keys[0]));
        Self { key: key.to_owned(), source: metadata.map(|m| describe(m, &keys)), reason }
    }

    pub(super) fn from_figment(error: &figment::Error, figment: &Figment) -> Self {
        let mut keys = error.path.clone();
        // What figment adds to the keys of paths is nobody's.
        keys.retain(|key| !key.starts_with("___figment"));
        let reason = match &error.kind {
            Kind::UnknownField(name, known) => {
                if keys.last() != Some(name) {
                    keys.push(name.clone());
                }
                format!("unknown key; known here are: {}", known.join(", "))
            }
            Kind::MissingField(name) => {
                keys.push(name.to_string());
                "is missing".to_owned()
            }
            Kind::UnknownVariant(_, known) => format!("is none of: {}", known.join(", ")),
            Kind::InvalidType(_, expected)
            | Kind::InvalidValue(_, expected)
            | Kind::InvalidLength(_, expected) => format!("expected {expected}"),
            Kind::Message(message) => without_excerpt(message),
            _ => "cannot be read".to_owned(),
        };
        let key = keys.join(".");
        let metadata = figment.find_metadata(&key).or(error.metadata.as_ref());
        Self { source: metadata.map(|m| describe(m, &keys)), key, reason }
    }
}

/// A message in one line. That of a TOML parser shows the line of the file that it stumbled on, between
/// its place and the reason; that line may hold a secret.
fn without_excerpt(message: &str) -> String {
    let lines: Vec<_> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let Some(end) = lines.iter().rposition(|line| line.starts_with('|')) else {
        return lines.join(" ");
    };
    format!("{}: {}", lines[0], lines[end + 1..].join(", "))
}

/// Where a value came from, in words.
fn describe(metadata: &Metadata, keys: &[String]) -> String {
    if let Some(file) = metadata.source.as_ref().and_then(Source::file_path) {
        return file.display().to_string();
    }
    if metadata.name.contains("environment") {
        return format!("the environment variable {ENV_PREFIX}{}", keys.join("__").to_uppercase());
    }
    if metadata.name.contains("TOML") {
        return "the defaults".to_owned();
    }
    metadata.name.to_string()
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("configuration")?;
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        if let Some(source) = &self.source {
            write!(f, " (from {source})")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for ConfigError {}
