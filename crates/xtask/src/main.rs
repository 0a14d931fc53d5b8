//! What a developer repeats: `cargo xtask test`, `cargo xtask crash`, `cargo xtask outage`.

mod harness;
mod interop;
mod postgres;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "What a developer of chats repeats")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run all tests, with a throw-away PostgreSQL that is found or installed
    Test {
        /// What `cargo test` gets in addition, such as a filter
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Kill everything at random while clients go on, then check what must always hold
    Crash {
        /// What the harness gets, such as --cycles N, --database sqlite, --seed S; `-- --help` tells all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Take the event service away, and compare the latency of reads with the healthy one
    Outage {
        /// What the harness gets, such as --rounds N, --reads RATE; `-- --help` tells all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let Cli { task } = Cli::parse();
    let done = match task {
        Task::Test { args } => test::run(&args),
        Task::Crash { args } => harness::run("crash", &args),
        Task::Outage { args } => harness::run("outage", &args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "this is where a task says why it failed")]
            {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
