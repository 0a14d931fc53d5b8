//! What a developer repeats: `cargo xtask test`, `cargo xtask conformance`, `cargo xtask screenshot`,
//! `cargo xtask deny`, `cargo xtask instructions`, `cargo xtask fuzz`, `cargo xtask crash`,
//! `cargo xtask failover`, `cargo xtask outage`, `cargo xtask bench`, `cargo xtask scale`, `cargo xtask overload`,
//! `cargo xtask image-root`.

mod browser;
mod conformance;
mod deny;
mod deploy;
mod fuzz;
mod harness;
mod instructions;
mod interop;
mod libraries;
mod operators;
mod packages;
mod postgres;
mod test;
mod tools;

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
    /// Hold the service against its OpenAPI document, on both databases, with thousands of made-up requests
    Conformance {
        /// How many requests at the least are sent on each database
        #[arg(long, default_value_t = 5_000)]
        cases: u64,
        /// Where making them up begins
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Renew the picture of the page to try the API from, docs/images/swagger-ui.png
    Screenshot,
    /// Judge the dependencies by deny.toml: which crates, licences and sources there may be
    Deny,
    /// Count the instructions of each part of a request, and compare them with the baseline
    Instructions {
        /// Make what is counted the baseline
        #[arg(long)]
        update: bool,
    },
    /// Look for inputs that break a law, guided by what of the code they reach
    Fuzz {
        /// The one target to run; all of them otherwise
        #[arg(long)]
        target: Option<String>,
        /// How long each target runs
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Kill everything at random while clients go on, then check what must always hold
    Crash {
        /// What the harness gets, such as --cycles N, --database sqlite, --seed S; `-- --help` tells all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Kill the primary and promote its standby while clients go on, then check what must always hold
    Failover {
        /// What the harness gets, such as --cycles N, --seed S; `-- --help` tells all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Take the event service away, and compare the latency of reads with the healthy one
    Outage {
        /// What the harness gets, such as --rounds N, --reads RATE; `-- --help` tells all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Build the root of the container image, and try the service in it (as root, on Linux)
    ImageRoot,
    /// Measure how fast the service is, against what the machine can do at all
    Bench {
        /// What the harness gets, such as --only NAME,..., --rounds N, --json FILE; `-- --help` tells all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Compare ten million chats with ten thousand: how fast the service is, and by which plans
    Scale {
        /// What the harness gets, such as --rows N,..., --rounds N, --json FILE; `-- --help` tells all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Send twice as much as can be answered, and have writes stand still
    Overload {
        /// What the harness gets, such as --rounds N, --seconds N, --json FILE; `-- --help` tells all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let Cli { task } = Cli::parse();
    let done = match task {
        Task::Test { args } => test::run(&args),
        Task::Conformance { cases, seed } => conformance::run(cases, seed),
        Task::Screenshot => browser::screenshot(),
        Task::Deny => deny::run(),
        Task::Instructions { update } => instructions::run(update),
        Task::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Task::Crash { args } => harness::run("crash", &args),
        Task::Failover { args } => harness::run("failover", &args),
        Task::Outage { args } => harness::run("outage", &args),
        Task::ImageRoot => deploy::image_root(),
        Task::Bench { args } => harness::bench(&args),
        Task::Overload { args } => harness::run_with_tools("overload", &args),
        Task::Scale { args } => harness::run_with_tools("scale", &args),
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
