use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::statistics::percentile;

/// How often it is tried.
const SYNCS: usize = 50;

/// A page of a database.
const PAGE: [u8; 4_096] = [7; 4_096];

/// How long the disk with the temporary files, the databases among them, takes to sync a page while nothing
/// else is done. Half of the syncs took no longer.
pub(crate) fn time_of_sync() -> Result<Duration> {
    let mut file = tempfile::tempfile()?;
    let times: Result<Vec<_>> = (0..SYNCS)
        .map(|_| {
            file.write_all(&PAGE)?;
            let start = Instant::now();
            file.sync_data()?;
            Ok(start.elapsed())
        })
        .collect();
    Ok(percentile(&times?, 50))
}
