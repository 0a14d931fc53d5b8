use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chats_domain::ports::Cause;
use clap::Args;
use figment::providers::{Env, Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::aside::Without;
use super::{Config, ConfigError};

/// The prefix of environment variables that are settings; `__` stands between the parts of a key.
pub(super) const ENV_PREFIX: &str = "CHATS_";

/// The file that is read if it is there and no other is named.
const DEFAULT_FILE: &str = "chats.toml";

/// Settings that have flags of their own, each named after its key.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Flags {
    /// The configuration file [default: chats.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the SQLite files and the development key [default: data]
    #[arg(long, global = true, value_name = "DIRECTORY")]
    data_dir: Option<String>,
    /// Where the API listens [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    http_listen: Option<String>,
    /// Where operators ask for health and metrics [default: 127.0.0.1:8081]
    #[arg(long, global = true, value_name = "ADDRESS")]
    admin_listen: Option<String>,
    /// The database: postgres://… or sqlite:PATH [default: chats.sqlite in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// The event service: its URL, or 'embedded' [default: embedded]
    #[arg(long, global = true, value_name = "URL")]
    event_url: Option<String>,
    /// Where the embedded event service listens [default: 127.0.0.1:8085]
    #[arg(long, global = true, value_name = "ADDRESS")]
    event_listen: Option<String>,
}

/// The settings, with the knowledge where each came from.
pub(crate) struct Loaded {
    pub(crate) config: Config,
    figment: Figment,
}

/// Reads the settings from all their sources. Later ones win: defaults, file, environment, flags.
pub(crate) fn load(flags: &Flags) -> Result<Loaded, ConfigError> {
    load_without(&[], flags)
}

/// Reads the settings as [`load`] does, as if nobody had given these.
pub(super) fn load_without(aside: &[Vec<String>], flags: &Flags) -> Result<Loaded, ConfigError> {
    let mut figment = Figment::from(Toml::string(include_str!("defaults.toml")));
    if let Some(file) = flags.file() {
        figment = figment.merge(Without { source: Toml::file_exact(file), aside });
    }
    figment = figment.merge(Without { source: environment(), aside });
    for flag in flags.given() {
        figment = figment.merge(Without { source: flag, aside });
    }
    match figment.extract::<Config>() {
        Ok(config) => Ok(Loaded { config, figment }),
        Err(error) => Err(ConfigError::from_figment(&error, &figment)),
    }
}

/// The variables that are settings. For a Service named `chats`, Kubernetes adds variables of its own,
/// such as `CHATS_SERVICE_HOST` and `CHATS_PORT_8080_TCP`; no setting begins like these.
fn environment() -> Env {
    let is_of_kubernetes = |key: &str| {
        let key = key.to_ascii_lowercase();
        key == "port" || key.starts_with("port_") || key.starts_with("service_")
    };
    // It is for whoever builds the service, and may still be there when it runs.
    let is_of_the_build = |key: &str| key.eq_ignore_ascii_case("commit");
    Env::prefixed(ENV_PREFIX)
        .filter(move |key| !is_of_kubernetes(key.as_str()) && !is_of_the_build(key.as_str()))
        .split("__")
}

impl Loaded {
    /// An error in the value of `key`, which was read well but cannot be used.
    pub(crate) fn error(&self, key: &str, reason: impl Into<Cause>) -> ConfigError {
        ConfigError::at(key, &self.figment, reason.into().to_string())
    }

    /// An error in listening on `address`, the value of `key`. Says what is to be done where another
    /// program does, since that is what those meet who start the service a second time.
    pub(crate) fn cannot_listen(
        &self,
        key: &str,
        address: SocketAddr,
        error: &io::Error,
    ) -> ConfigError {
        let advice = if error.kind() == ErrorKind::AddrInUse {
            format!("; give another, as by --{}", key.replace('.', "-"))
        } else {
            String::new()
        };
        self.error(key, format!("cannot listen on {address}: {error}{advice}"))
    }

    /// What is in the file that the setting `key` names.
    pub(crate) fn read_file(&self, key: &str, file: &Path) -> Result<Vec<u8>, ConfigError> {
        let read = fs::read(file);
        read.map_err(|error| self.error(key, format!("cannot read {}: {error}", file.display())))
    }

    /// Where relative paths in the value of `key` start: beside the file that names them, or here.
    pub(crate) fn directory_of(&self, key: &str) -> PathBuf {
        let file = self.figment.find_metadata(key).and_then(|it| it.source.as_ref()?.file_path());
        file.and_then(Path::parent).map(Path::to_owned).unwrap_or_default()
    }
}

impl Flags {
    /// The file that is read, if one is.
    pub(crate) fn file(&self) -> Option<&Path> {
        let default = Path::new(DEFAULT_FILE);
        self.config.as_deref().or_else(|| default.exists().then_some(default))
    }

    fn given(&self) -> impl Iterator<Item = Flag<'_>> {
        [
            ("--data-dir", "data_dir", &self.data_dir),
            ("--http-listen", "http.listen", &self.http_listen),
            ("--admin-listen", "admin.listen", &self.admin_listen),
            ("--database-url", "database.url", &self.database_url),
            ("--event-url", "event.url", &self.event_url),
            ("--event-listen", "event.listen", &self.event_listen),
        ]
        .into_iter()
        .filter_map(|(name, key, value)| Some(Flag { name, key, value: value.as_deref()? }))
    }
}

/// A flag, as a source of settings.
struct Flag<'a> {
    name: &'static str,
    key: &'static str,
    value: &'a str,
}

impl Provider for Flag<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("the flag {}", self.name))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let nested = figment::util::nest(self.key, Value::from(self.value));
        let dict = nested.into_dict().unwrap_or_default();
        Ok(Profile::Default.collect(dict))
    }
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    #[test]
    fn the_help_tells_the_defaults_that_there_are() {
        let defaults = Figment::from(Toml::string(include_str!("defaults.toml")));
        let command = Flags::augment_args(Command::new("chats"));
        let help_of = |flag: &str| {
            let mut flags = command.get_arguments();
            let flag = flags.find(|it| it.get_long() == flag.strip_prefix("--")).unwrap();
            flag.get_help().unwrap().to_string()
        };
        let mut told = 0;
        let given = Some(String::new());
        let flags = Flags {
            config: None,
            data_dir: given.clone(),
            http_listen: given.clone(),
            admin_listen: given.clone(),
            database_url: given.clone(),
            event_url: given.clone(),
            event_listen: given,
        };
        for flag in flags.given() {
            let Ok(value) = defaults.find_value(flag.key) else { continue };
            let default = format!("[default: {}]", value.as_str().unwrap());
            assert!(help_of(flag.name).ends_with(&default), "{}: {default}", flag.name);
            told += 1;
        }
        assert_eq!(told, 5);
    }
}
