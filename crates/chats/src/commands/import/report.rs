use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use chats_domain::use_cases::{ImportChat, Imported, Refusal};
use serde::Serialize;

use super::line::Refused;
use super::progress::Progress;
use crate::output;

/// How many refused lines are told on standard error.
const MAX_TOLD: u64 = 100;

/// What came of the lines.
pub(super) struct Report {
    /// Chats that nobody tried to import.
    valid: u64,
    imported: u64,
    already_there: u64,
    refused: BTreeMap<Kind, u64>,
    rejects: Rejects,
    progress: Progress,
}

/// Why a line was refused, in the order in which that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    NoChat,
    AnotherAudience,
    AlreadyExists,
    StillOpening,
    EventRoomTaken,
}

/// A line that was refused.
#[derive(Serialize)]
struct Reject {
    line: u64,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// Where refused lines go.
enum Rejects {
    File(BufWriter<File>),
    StandardError,
}

const CANNOT_WRITE: &str = "cannot write the refused lines";

impl Report {
    /// A report whose refused lines go to a new file, or else to standard error. One that is there may be
    /// of another import, or the very file that is imported.
    pub(super) fn new(rejects: Option<&Path>, progress: Progress) -> Result<Self> {
        let rejects = match rejects {
            Some(file) => Rejects::File(BufWriter::new(
                File::create_new(file)
                    .with_context(|| format!("cannot make {}", file.display()))?,
            )),
            None => Rejects::StandardError,
        };
        let refused = BTreeMap::new();
        Ok(Self { valid: 0, imported: 0, already_there: 0, refused, rejects, progress })
    }

    /// Adds what came of a chat; `None` if nobody tried to import it.
    pub(super) fn add(
        &mut self,
        line: u64,
        chat: &ImportChat,
        outcome: Option<Imported>,
    ) -> Result<()> {
        match outcome {
            None => self.valid += 1,
            Some(Imported::Added(_)) => self.imported += 1,
            Some(Imported::AlreadyThere(_)) => self.already_there += 1,
            Some(Imported::Refused(refusal)) => {
                let audience = Some(chat.audience.as_str().to_owned());
                let scope = Some(chat.scope.as_str().to_owned());
                let reject = Reject { line, reason: refusal.to_string(), audience, scope };
                return self.reject(refusal.into(), &reject);
            }
        }
        Ok(())
    }

    /// Adds a line that brings no chat.
    pub(super) fn add_refused(&mut self, line: u64, refused: Refused) -> Result<()> {
        let Refused { kind, reason, audience, scope } = refused;
        self.reject(kind, &Reject { line, reason, audience, scope })
    }

    /// Shows that the lines so far, of so many bytes, are done. Those that were refused are in the file now.
    pub(super) fn reach(&mut self, line: u64, bytes: u64) -> Result<()> {
        self.progress.reach(line, bytes);
        self.flush()
    }

    /// Tells the sums on standard output. Returns how many lines were refused.
    pub(super) fn finish(mut self, is_dry_run: bool) -> Result<u64> {
        self.flush()?;
        drop(self.progress);
        let refused = self.refused.values().sum();
        if is_dry_run {
            output::line(&format!("valid: {}", self.valid));
        } else {
            output::line(&format!("imported: {}", self.imported));
            output::line(&format!("already there: {}", self.already_there));
        }
        output::line(&format!("refused: {refused}"));
        for (kind, count) in self.refused {
            output::line(&format!("  {}: {count}", kind.name()));
        }
        Ok(refused)
    }

    fn flush(&mut self) -> Result<()> {
        match &mut self.rejects {
            Rejects::File(file) => file.flush().context(CANNOT_WRITE),
            Rejects::StandardError => Ok(()),
        }
    }

    fn reject(&mut self, kind: Kind, reject: &Reject) -> Result<()> {
        *self.refused.entry(kind).or_default() += 1;
        let refused: u64 = self.refused.values().sum();
        match &mut self.rejects {
            Rejects::File(file) => write(file, reject).context(CANNOT_WRITE)?,
            Rejects::StandardError if refused <= MAX_TOLD => {
                self.progress.say(&format!("line {}: {}", reject.line, reject.reason));
            }
            Rejects::StandardError if refused == MAX_TOLD + 1 => {
                self.progress
                    .say("further refused lines are only counted; --rejects has all of them");
            }
            Rejects::StandardError => {}
        }
        Ok(())
    }
}

fn write(file: &mut impl Write, reject: &Reject) -> io::Result<()> {
    serde_json::to_writer(&mut *file, reject)?;
    file.write_all(b"\n")
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::NoChat => "not a chat",
            Self::AnotherAudience => "a chat of another audience",
            Self::AlreadyExists => "the chat with this key says something else",
            Self::StillOpening => "the chat with this key is still being opened",
            Self::EventRoomTaken => "the event room carries another chat",
        }
    }
}

impl From<Refusal> for Kind {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::AlreadyExists(_) => Self::AlreadyExists,
            Refusal::StillOpening(_) => Self::StillOpening,
            Refusal::EventRoomTaken => Self::EventRoomTaken,
        }
    }
}
