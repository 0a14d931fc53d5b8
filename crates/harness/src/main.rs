//! Breaks the service, looks at how it bears it, and at how fast it is: `chats-harness crash`,
//! `chats-harness failover`, `chats-harness outage`, `chats-harness bench`, `chats-harness scale`,
//! `chats-harness overload`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use chats_harness::bench::{self, Databases, Name, Tools, fixed_json};
use chats_harness::crash::{self, Plan};
use chats_harness::{DatabaseKind, IdempotencyKeys};
use chats_harness::{failover, outage, overload, scale};
use clap::{Args, Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "Breaks the service, looks at how it bears it, and at how fast it is")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Kill everything at random while clients go on, then check what must always hold
    Crash(CrashArgs),
    /// Kill the primary and promote its standby while clients go on, then check what must always hold
    Failover(FailoverArgs),
    /// Take the event service away, and compare the latency of reads with the healthy one
    Outage(OutageArgs),
    /// Measure how fast the service is, against what the machine can do at all
    Bench(BenchArgs),
    /// Compare ten million chats with ten thousand: how fast the service is, and by which plans
    Scale(ScaleArgs),
    /// Send twice as much as can be answered, and have writes stand still
    Overload(OverloadArgs),
    /// Serve a fixed JSON, which the service is measured against
    #[command(hide = true)]
    FixedJson {
        /// Verify the token of each request with the public key of this file
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct CrashArgs {
    /// The program to run: `chats`
    #[arg(long, value_name = "FILE")]
    chats: PathBuf,
    /// How often something is killed
    #[arg(long, default_value = "100")]
    cycles: u32,
    /// Which database the service works on
    #[arg(long, value_enum, default_value = "postgres")]
    database: DatabaseKind,
    /// How many instances run: by default three on PostgreSQL, and one on SQLite
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..))]
    instances: Option<u8>,
    /// How many clients are at work
    #[arg(long, default_value = "8")]
    clients: u8,
    /// Where the dice begin: by default anywhere
    #[arg(long)]
    seed: Option<u64>,
    /// Have the event service ignore Idempotency-Key, as older ones do: then rooms get lost
    #[arg(long)]
    ignore_idempotency_keys: bool,
    /// Keep the logs even if all is well
    #[arg(long)]
    keep_logs: bool,
}

#[derive(Debug, Args)]
struct FailoverArgs {
    /// The program to run: `chats`
    #[arg(long, value_name = "FILE")]
    chats: PathBuf,
    /// How often the primary is killed
    #[arg(long, default_value = "20", value_parser = clap::value_parser!(u32).range(1..))]
    cycles: u32,
    /// How many instances run
    #[arg(long, default_value = "3", value_parser = clap::value_parser!(u8).range(1..))]
    instances: u8,
    /// How many clients are at work
    #[arg(long, default_value = "8")]
    clients: u8,
    /// Where the dice begin: by default anywhere
    #[arg(long)]
    seed: Option<u64>,
    /// Keep the logs even if all is well
    #[arg(long)]
    keep_logs: bool,
}

#[derive(Debug, Args)]
struct OutageArgs {
    /// The program to run: `chats`
    #[arg(long, value_name = "FILE")]
    chats: PathBuf,
    /// How often each condition of the event service has its turn
    #[arg(long, default_value = "7", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many seconds are measured in each turn, after a warm-up
    #[arg(long, default_value = "6", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How many reads are sent a second
    #[arg(long, default_value = "2000", value_parser = clap::value_parser!(u32).range(1..))]
    reads: u32,
    /// How many creates are sent a second
    #[arg(long, default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
    creates: u32,
}

/// The programs that send load.
#[derive(Debug, Args)]
struct Senders {
    #[arg(long, value_name = "FILE", default_value = "wrk", hide = true)]
    wrk: PathBuf,
    #[arg(long, value_name = "FILE", default_value = "oha", hide = true)]
    oha: PathBuf,
}

#[derive(Debug, Args)]
struct BenchArgs {
    /// The program to run: `chats`
    #[arg(long, value_name = "FILE")]
    chats: PathBuf,
    #[command(flatten)]
    senders: Senders,
    #[arg(long, value_name = "FILE", default_value = "pgbench", hide = true)]
    pgbench: PathBuf,
    /// Measure these alone
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME,...")]
    only: Vec<Name>,
    /// On which databases the service is measured
    #[arg(long, value_enum, default_value = "both")]
    database: Databases,
    /// How often each turn is taken
    #[arg(long, default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many seconds a turn is
    #[arg(long, default_value = "5", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ScaleArgs {
    /// The program to run: `chats`
    #[arg(long, value_name = "FILE")]
    chats: PathBuf,
    #[command(flatten)]
    senders: Senders,
    /// How many chats each database has; the first is what the others are compared with. Ten million take 4 GB
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NUMBER,...",
        default_value = "10000,1000000,10000000",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    rows: Vec<u32>,
    /// How often each turn is taken; without any, the plans alone are looked at
    #[arg(long, default_value = "5")]
    rounds: u32,
    /// How many seconds a turn is
    #[arg(long, default_value = "5", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct OverloadArgs {
    /// The program to run: `chats`
    #[arg(long, value_name = "FILE")]
    chats: PathBuf,
    #[command(flatten)]
    senders: Senders,
    /// How often each is measured
    #[arg(long, default_value = "3", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many seconds too much comes, and how many writes stand still
    #[arg(long, default_value = "15", value_parser = clap::value_parser!(u64).range(2..))]
    seconds: u64,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// After how many cycles it is told how far it is.
const CYCLES_BETWEEN_LINES: u32 = 25;

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Crash(args) => crash(args).await,
        Task::Failover(args) => failover(args).await,
        Task::Outage(args) => outage(args).await,
        Task::Bench(args) => bench(args).await,
        Task::Scale(args) => scale(args).await,
        Task::Overload(args) => overload(args).await,
        Task::FixedJson { key } => fixed_json::serve(key).await.map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn crash(args: CrashArgs) -> Result<ExitCode> {
    let instances = args.instances.unwrap_or(match args.database {
        DatabaseKind::Postgres | DatabaseKind::Pair => 3,
        DatabaseKind::Sqlite => 1,
    });
    let plan = Plan {
        chats: args.chats,
        database: args.database,
        instances: instances.into(),
        clients: args.clients.into(),
        cycles: args.cycles,
        seed: args.seed.unwrap_or_else(|| fastrand::u64(0..1_000_000)),
        idempotency_keys: if args.ignore_idempotency_keys {
            IdempotencyKeys::Ignored
        } else {
            IdempotencyKeys::Honoured
        },
        keep_logs: args.keep_logs,
    };
    writeln!(io::stderr(), "the seed is {}", plan.seed)?;
    let report = crash::run(&plan, |cycle| {
        if cycle.is_multiple_of(CYCLES_BETWEEN_LINES) {
            let _ = writeln!(io::stderr(), "cycle {cycle} of {}", plan.cycles);
        }
    });
    let report = report.await?;
    write!(io::stdout(), "{report}")?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn failover(args: FailoverArgs) -> Result<ExitCode> {
    let plan = failover::Plan {
        chats: args.chats,
        instances: args.instances.into(),
        clients: args.clients.into(),
        cycles: args.cycles,
        seed: args.seed.unwrap_or_else(|| fastrand::u64(0..1_000_000)),
        keep_logs: args.keep_logs,
    };
    writeln!(io::stderr(), "the seed is {}", plan.seed)?;
    let report = failover::run(&plan, |cycle| {
        let _ = writeln!(io::stderr(), "failover {cycle} of {}", plan.cycles);
    });
    let report = report.await?;
    write!(io::stdout(), "{report}")?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn outage(args: OutageArgs) -> Result<ExitCode> {
    let plan = outage::Plan {
        chats: args.chats,
        rounds: args.rounds,
        measured: Duration::from_secs(args.seconds),
        reads_per_second: args.reads,
        creates_per_second: args.creates,
    };
    let report = outage::run(&plan, |round, condition| {
        let _ = writeln!(io::stderr(), "round {round} of {}: {condition}", plan.rounds);
    });
    let report = report.await?;
    write!(io::stdout(), "{report}")?;
    Ok(if report.meets_all_goals() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn bench(args: BenchArgs) -> Result<ExitCode> {
    let plan = bench::Plan {
        chats: args.chats,
        tools: Tools { wrk: args.senders.wrk, pgbench: args.pgbench, oha: args.senders.oha },
        only: args.only,
        databases: args.database,
        rounds: args.rounds,
        turn: Duration::from_secs(args.seconds),
    };
    let report = bench::run(&plan, |name| {
        let _ = writeln!(io::stderr(), "measuring {name}");
    });
    let report = report.await?;
    write!(io::stdout(), "{report}")?;
    write_json(args.json.as_deref(), &report.json())?;
    Ok(if report.meets_all_goals() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn scale(args: ScaleArgs) -> Result<ExitCode> {
    let plan = scale::Plan {
        chats: args.chats,
        wrk: args.senders.wrk,
        oha: args.senders.oha,
        rows: args.rows,
        rounds: args.rounds,
        turn: Duration::from_secs(args.seconds),
    };
    let report = scale::run(&plan, |step| {
        let _ = writeln!(io::stderr(), "{step}");
    });
    let report = report.await?;
    write!(io::stdout(), "{report}")?;
    write_json(args.json.as_deref(), &report.json())?;
    Ok(if report.meets_all_goals() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn overload(args: OverloadArgs) -> Result<ExitCode> {
    let plan = overload::Plan {
        chats: args.chats,
        wrk: args.senders.wrk,
        oha: args.senders.oha,
        rounds: args.rounds,
        length: Duration::from_secs(args.seconds),
    };
    let report = overload::run(&plan, |step| {
        let _ = writeln!(io::stderr(), "{step}");
    });
    let report = report.await?;
    write!(io::stdout(), "{report}")?;
    write_json(args.json.as_deref(), &report.json())?;
    Ok(if report.meets_all_goals() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes figures to a file, if there is to be one.
fn write_json(file: Option<&Path>, figures: &serde_json::Value) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    let json = serde_json::to_string_pretty(figures)?;
    fs::write(file, json + "\n").with_context(|| format!("cannot write {}", file.display()))
}
