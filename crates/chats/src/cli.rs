//! The command line.

use std::num::NonZeroU64;
use std::path::PathBuf;

use chats_domain::values::{Account, Audience};
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::Flags;
use crate::version;

/// The examples of a command, under a heading such as clap's own. Where there is no terminal, clap leaves
/// out how it looks.
macro_rules! examples {
    ($($line:literal)+) => {
        concat!("\x1b[1m\x1b[4mExamples:\x1b[0m", $("\n  ", $line),+)
    };
}

/// Chats of many tenants, on the rooms of an event service
#[derive(Debug, Parser)]
#[command(
    version = version::VERSION_AND_COMMIT,
    after_help = examples!(
        "chats                          serves with an SQLite file, and tells what to try"
        "chats --config chats.toml      serves as a file says"
        "chats check --config chats.toml\n"
        "Every setting of the file can be given in the environment, too: CHATS_HTTP__LISTEN=0.0.0.0:8080"
    ),
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) flags: Flags,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Default, Subcommand)]
pub(crate) enum Command {
    /// Serve the API: what happens without a command
    #[default]
    #[command(after_help = examples!(
        "chats serve"
        "chats serve --config chats.toml"
        "chats serve --database-url postgres://chats@localhost/chats"
        "chats serve --http-listen 127.0.0.1:9080 --admin-listen 127.0.0.1:9081 --event-listen 127.0.0.1:9085\n"
        "The last one runs next to another that has the usual ports."
    ))]
    Serve,
    /// Say all that is wrong with the configuration, and with what it names
    #[command(after_help = examples!(
        "chats check --config chats.toml"
        "chats check --config chats.toml --offline     where the database is out of reach"
    ))]
    Check(CheckArgs),
    /// Ask the instance that runs with this configuration whether it is ready
    #[command(after_help = examples!(
        "chats health --config chats.toml"
        "chats health --config chats.toml --live"
    ))]
    Health(HealthArgs),
    /// Bring the database up to date
    #[command(after_help = examples!(
        "chats migrate --config chats.toml"
        "chats migrate --config chats.toml --check     fails if there is something to apply"
        "chats migrate --database-url postgres://owner@localhost/chats"
    ))]
    Migrate(MigrateArgs),
    /// Make one attempt to finish chats that were left half made
    #[command(after_help = examples!("chats recover --config chats.toml"))]
    Recover,
    /// Take in chats that have their event rooms already, one JSON object a line
    #[command(after_help = examples!(
        "chats import --config chats.toml chats.ndjson"
        "chats import chats.ndjson --dry-run           looks for lines that are wrong"
        "chats import - --rejects rejects.ndjson       reads standard input\n"
        "The exit code is 3 if lines were refused, and 1 if it did not get through all of them."
    ))]
    Import(ImportArgs),
    /// Print the OpenAPI document of the API
    #[command(after_help = examples!("chats openapi > openapi.json"))]
    Openapi,
    /// Print a script that lets a shell complete commands and flags
    #[command(after_help = examples!(
        "chats completions bash > /etc/bash_completion.d/chats"
        "chats completions zsh > \"${fpath[1]}/_chats\""
        "chats completions fish > ~/.config/fish/completions/chats.fish"
    ))]
    Completions(CompletionsArgs),
    /// Print a token of the development issuer
    #[command(after_help = examples!(
        "TOKEN=$(chats token --account tutor.demo.example.org)"
        "chats token --account tutor.demo.example.org --expires-in 60"
    ))]
    Token(TokenArgs),
    /// Serve the embedded event service alone
    #[command(after_help = examples!(
        "chats event --event-listen 127.0.0.1:8085"
        "chats event --in-memory --faults              to try what happens when it fails"
    ))]
    Event(EventArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Look at files alone, and leave out what takes a network
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// Ask whether it is alive, ready or not
    #[arg(long)]
    pub(crate) live: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Name what there is to apply, and apply nothing
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file with the chats; - is standard input
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// Tell of the lines that are refused in this file, which is made
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Refuse the chats of other audiences than this one; whose their rooms are is not looked at
    #[arg(long)]
    pub(crate) audience: Option<Audience>,
    /// Read the lines and say which are wrong, without the database
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// Who the token stands for, such as tutor.demo.example.org
    #[arg(long, value_name = "LABEL.AUDIENCE")]
    pub(crate) account: Account,
    /// For how many seconds it is good
    #[arg(long, value_name = "SECONDS", default_value = "3600")]
    pub(crate) expires_in: NonZeroU64,
}

#[derive(Debug, Default, Args)]
pub(crate) struct EventArgs {
    /// Keep rooms and events in memory alone
    #[arg(long)]
    pub(crate) in_memory: bool,
    /// Ignore Idempotency-Key, as older event services do
    #[arg(long)]
    pub(crate) ignore_idempotency_keys: bool,
    /// For tests: let anyone make it misbehave, and look at all rooms, under /test
    #[arg(long)]
    pub(crate) faults: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_example_is_a_command_that_is_understood() {
        let mut cli = Cli::command();
        let mut commands = vec![cli.clone()];
        commands.extend(cli.get_subcommands_mut().map(|it| it.clone()));
        for command in commands.iter().filter(|it| it.get_name() != "help") {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<_> = help.lines().filter_map(example).collect();
            assert!(!examples.is_empty(), "{} has no examples", command.get_name());
            for words in examples {
                let parsed = Cli::try_parse_from(&words);
                assert!(parsed.is_ok(), "{words:?}: {}", parsed.unwrap_err());
            }
        }
    }

    /// The words of an example: up to where its output goes, or to what is said of it.
    fn example(line: &str) -> Option<Vec<&str>> {
        let line = line.strip_prefix("  ")?;
        let line = line.strip_prefix("TOKEN=$(").map_or(line, |line| line.trim_end_matches(')'));
        let line = line.split("   ").next()?.split(" > ").next()?;
        line.starts_with("chats").then(|| line.split_whitespace().collect())
    }
}
