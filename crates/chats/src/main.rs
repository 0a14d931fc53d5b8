//! `chats`: the service as a process. It knows all adapters, and wires them.

mod adapters;
mod chat_store;
mod cli;
mod commands;
mod config;
mod database;
mod development;
mod early_end;
mod error_chain;
mod event_service;
mod http;
mod identity;
mod in_the_clear;
mod issuers;
mod key_files;
mod open_files;
mod output;
mod policies;
mod recovery;
mod telemetry;
mod tenants;
mod timing;
mod tls;
mod version;
mod warning;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::cli::{Cli, Command};
use crate::commands::LinesRefused;
use crate::early_end::EarlyEnd;

/// The exit code of an import that went through all lines, and refused some. That of a command line that is not
/// understood is 2.
const SOME_REFUSED: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            if error.is::<LinesRefused>() { SOME_REFUSED.into() } else { ExitCode::FAILURE }
        }
    }
}

async fn run(Cli { flags, command }: Cli) -> Result<()> {
    let early_end = EarlyEnd::listen()?;
    match command.unwrap_or_default() {
        Command::Serve => commands::serve(&flags, early_end).await,
        Command::Check(args) => commands::check(&flags, &args).await,
        Command::Health(args) => commands::health(&flags, &args).await,
        Command::Migrate(args) => commands::migrate(&flags, &args).await,
        Command::Recover => commands::recover(&flags).await,
        Command::Import(args) => commands::import(&flags, &args).await,
        Command::Openapi => {
            commands::openapi();
            Ok(())
        }
        Command::Completions(args) => {
            commands::completions(args.shell);
            Ok(())
        }
        Command::Token(args) => commands::token(&flags, &args),
        Command::Event(args) => commands::event(&flags, &args, early_end).await,
    }
}
