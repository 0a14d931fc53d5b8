use std::collections::HashSet;

use anyhow::{Error, Result, bail};

use crate::config::ConfigError;
use crate::output;

/// Prints what was found, a line each.
#[derive(Default)]
pub(super) struct Report {
    /// Told once each, for some things more than one reader stumbles on.
    wrong: HashSet<String>,
    warnings: usize,
}

/// Something that is as it should be.
pub(super) fn ok(subject: &str, says: &str) {
    output::line(&format!("ok       {subject}: {says}"));
}

impl Report {
    /// Something that works, and is perhaps not meant.
    pub(super) fn warning(&mut self, subject: &str, says: &str) {
        self.warnings += 1;
        output::line(&format!("warning  {subject}: {says}"));
    }

    pub(super) fn wrong(&mut self, error: &Error) {
        let line = match error.downcast_ref::<ConfigError>() {
            Some(error) => format!("wrong    {}", error.finding()),
            None => format!("wrong    {error:#}"),
        };
        if self.wrong.insert(line.clone()) {
            output::line(&line);
        }
    }

    /// Says how it was. Fails if something is wrong.
    pub(super) fn conclusion(self) -> Result<()> {
        let Self { wrong, warnings } = self;
        if !wrong.is_empty() {
            bail!("things that are wrong: {}, warnings: {warnings}", wrong.len());
        }
        output::line(&format!("Nothing is wrong. Warnings: {warnings}"));
        Ok(())
    }
}
