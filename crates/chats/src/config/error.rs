use std::fmt;

use figment::error::{Actual, Kind};
use figment::value::Dict;
use figment::{Figment, Metadata, Provider, Source};

use super::load::ENV_PREFIX;

/// A setting that stops the start. Names the key and where its value came from, never the value: it
/// may be a secret.
#[derive(Debug)]
pub(crate) struct ConfigError {
    /// The parts of the key. A name with a dot in it is one part.
    path: Vec<String>,
    source: Option<String>,
    reason: String,
}

impl ConfigError {
    pub(super) fn at(key: &str, figment: &Figment, reason: String) -> Self {
        let settings = figment.data().ok().and_then(|mut it| it.remove(figment.profile()));
        let path = parts(key, &settings.unwrap_or_default());
        // A name with a dot in it cannot be looked up; what it stands in can.
        let metadata = figment.find_metadata(key).or_else(|| figment.find_metadata(&path[0]));
        Self { source: metadata.map(|m| describe(m, &path)), path, reason }
    }

    /// The parts of the key, or none if it is about no setting in particular.
    pub(crate) fn path(&self) -> &[String] {
        &self.path
    }

    /// The setting, where it came from, and what is wrong with it.
    pub(crate) fn finding(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| {
            let key = self.path.join(".");
            match (&*key, &self.source) {
                ("", None) => {}
                ("", Some(source)) => write!(f, "{source}: ")?,
                (key, None) => write!(f, "{key}: ")?,
                (key, Some(source)) => write!(f, "{key} (from {source}): ")?,
            }
            f.write_str(&self.reason)
        })
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
                let parts = if is_of_environment(error.metadata.as_ref()) && name.contains('_') {
                    ", and in a variable two underscores stand between the parts of a key"
                } else {
                    ""
                };
                format!("unknown key; known here are: {}{parts}", known.join(", "))
            }
            Kind::MissingField(name) => {
                keys.push(name.to_string());
                "is missing".to_owned()
            }
            Kind::UnknownVariant(_, known) => format!("is none of: {}", known.join(", ")),
            Kind::InvalidType(
                Actual::Bool(_) | Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_),
                expected,
            ) if is_of_environment(error.metadata.as_ref()) && expected.contains("string") => {
                format!("expected {expected}: in a variable, write text like this in \"quotes\"")
            }
            Kind::InvalidType(_, expected)
            | Kind::InvalidValue(_, expected)
            | Kind::InvalidLength(_, expected) => format!("expected {expected}"),
            Kind::Message(message) => without_excerpt(message),
            _ => "cannot be read".to_owned(),
        };
        let key = keys.join(".");
        let metadata = figment.find_metadata(&key).or(error.metadata.as_ref());
        Self { source: metadata.map(|m| describe(m, &keys)), path: keys, reason }
    }
}

/// The parts of a key, by the names that there are.
fn parts(key: &str, settings: &Dict) -> Vec<String> {
    let rest_behind = |name: &String| match key.strip_prefix(name.as_str())? {
        "" => Some(""),
        rest => rest.strip_prefix('.'),
    };
    let known = settings.iter().filter_map(|(name, value)| Some((name, value, rest_behind(name)?)));
    match known.max_by_key(|(name, ..)| name.len()) {
        Some((name, _, "")) => vec![name.clone()],
        Some((name, value, rest)) => {
            let inner =
                value.as_dict().map_or_else(|| parts(rest, &Dict::new()), |it| parts(rest, it));
            [vec![name.clone()], inner].concat()
        }
        None => key.split('.').map(str::to_owned).collect(),
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

fn is_of_environment(metadata: Option<&Metadata>) -> bool {
    metadata.is_some_and(|it| it.name.contains("environment"))
}

/// Where a value came from, in words.
fn describe(metadata: &Metadata, keys: &[String]) -> String {
    if let Some(file) = metadata.source.as_ref().and_then(Source::file_path) {
        return file.display().to_string();
    }
    if is_of_environment(Some(metadata)) {
        return format!("the environment variable {ENV_PREFIX}{}", keys.join("__").to_uppercase());
    }
    if metadata.name.contains("TOML") {
        return "the defaults".to_owned();
    }
    metadata.name.to_string()
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.finding())
    }
}

impl std::error::Error for ConfigError {}
