mod line;
mod lines;
mod progress;
mod report;

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use chats_domain::ports::Clock;
use chats_domain::use_cases::Importer;
use tokio::task::block_in_place;

use self::line::Rules;
use self::lines::Lines;
use self::progress::Progress;
use self::report::Report;
use crate::adapters::{SystemClock, Uuid7};
use crate::cli::ImportArgs;
use crate::config::{self, Flags, Loaded};
use crate::{database, identity, output, telemetry};

/// How many lines are held at a time, and how many chats go to the database at once.
const BATCH: usize = 1_000;

/// An import that went through all lines, and refused so many.
#[derive(Debug)]
pub(crate) struct LinesRefused(u64);

impl fmt::Display for LinesRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lines that were refused: {}", self.0)
    }
}

impl Error for LinesRefused {}

/// Imports the chats of a file, and tells what came of them. Fails with [`LinesRefused`] if a line was.
///
/// It works beside running instances, and can be repeated.
pub(crate) async fn import(flags: &Flags, args: &ImportArgs) -> Result<()> {
    let loaded = config::load(flags)?;
    let _log = telemetry::start(&loaded, flags)?;
    let (file, length) = open(&args.file)?;
    let importer = if args.dry_run { None } else { Some(importer(&loaded).await?) };
    let mut report = Report::new(args.rejects.as_deref(), Progress::through(length))?;

    let rules = Rules { start: SystemClock.now(), audience: args.audience.clone() };
    let outcome = import_lines(Lines::of(file), &rules, importer.as_ref(), &mut report).await;
    // However far it came, what was done so far is told.
    let refused = report.finish(args.dry_run)?;
    outcome?;
    ensure!(refused == 0, LinesRefused(refused));
    Ok(())
}

/// The file, and its length, if it has one.
fn open(file: &Path) -> Result<(Box<dyn BufRead>, Option<u64>)> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let cannot = || format!("cannot read {}", file.display());
    let opened = File::open(file).with_context(cannot)?;
    let about = opened.metadata().with_context(cannot)?;
    Ok((Box::new(BufReader::new(opened)), about.is_file().then_some(about.len())))
}

async fn importer(loaded: &Loaded) -> Result<Importer> {
    let asked_by = identity::account(loaded)?;
    let (store, database) = database::open(loaded).await?;
    output::say(&format!("importing into {database}"));
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(Uuid7));
    Ok(Importer { store: Arc::new(store), clock, ids, asked_by })
}

/// Imports what the lines say, or with no importer, only looks at them.
async fn import_lines(
    mut lines: Lines<impl BufRead>,
    rules: &Rules,
    importer: Option<&Importer>,
    report: &mut Report,
) -> Result<()> {
    loop {
        let batch = block_in_place(|| lines.take_some(BATCH)).context("cannot read further")?;
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return Ok(());
        };
        let (first, last) = (first.number, last.number);
        let batch: Vec<_> = batch.iter().map(|it| (it.number, line::read(it, rules))).collect();
        let chats: Vec<_> =
            batch.iter().filter_map(|(_, chat)| chat.as_ref().ok().cloned()).collect();
        let outcomes = match importer {
            Some(importer) => {
                let outcomes = importer.import(chats).await.with_context(|| {
                    format!(
                        "lines {first} to {last} may or may not be imported; \
                         once this is mended, import the file again"
                    )
                })?;
                outcomes.into_iter().map(Some).collect()
            }
            None => vec![None; chats.len()],
        };
        let mut outcomes = outcomes.into_iter();
        for (number, chat) in batch {
            match chat {
                Ok(chat) => report.add(number, &chat, outcomes.next().flatten())?,
                Err(refused) => report.add_refused(number, refused)?,
            }
        }
        report.reach(last, lines.bytes())?;
    }
}
