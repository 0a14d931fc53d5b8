//! The command line.

use std::num::NonZeroU64;

use chats_domain::values::Account;
use clap::{Args, Parser, Subcommand};

use crate::config::Flags;

/// Chats of many tenants, on the rooms of an event service.
#[derive(Debug, Parser)]
#[command(version)]
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
    Serve,
    /// Say all that is wrong with the configuration, and with what it names
    Check(CheckArgs),
    /// Ask the instance that runs with this configuration whether it is ready
    Health(HealthArgs),
    /// Bring the database up to date
    Migrate,
    /// Make one attempt to finish chats that were left half made
    Recover,
    /// Print a token of the development issuer
    Token(TokenArgs),
    /// Serve the embedded event service alone
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
