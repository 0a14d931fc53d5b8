use std::time::Duration;

use anyhow::Result;

use super::proc;

/// What a tool sent, and how long the answers took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sent {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    /// What half of the answers took at the most, and what nearly all did, where the tool tells.
    pub(crate) p50: Option<Duration>,
    pub(crate) p99: Option<Duration>,
}

/// A few seconds under load.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) sent: Sent,
    /// How many microseconds of processor time each of the parts took for a request.
    pub(crate) cpu_micros: Vec<(&'static str, f64)>,
}

/// A part whose processor time is told: its name, and the process that it descends from.
pub(crate) type Part = (&'static str, u32);

impl Turn {
    /// Has a tool send, and looks at what the parts take for it, and the tool itself.
    pub(crate) async fn of(
        parts: &[Part],
        tool: impl Future<Output = Result<Sent>>,
    ) -> Result<Self> {
        let before = ticks_of(parts)?;
        let sent = tool.await?;
        let after = ticks_of(parts)?;
        let names = parts.iter().map(|(name, _)| *name).chain(["client"]);
        // As many microseconds as there were requests.
        let requests = Duration::from_micros(sent.requests);
        let cpu_micros = names.zip(after.iter().zip(before)).map(|(name, (after, before))| {
            let ticks = after.saturating_sub(before);
            (name, proc::time(ticks).div_duration_f64(requests))
        });
        Ok(Self { sent, cpu_micros: cpu_micros.collect() })
    }
}

/// Of each part, and last of the tools that have ended.
fn ticks_of(parts: &[Part]) -> Result<Vec<u64>> {
    let processes = proc::processes()?;
    let parts = parts.iter().map(|(_, root)| proc::ticks_of_family(*root, &processes));
    Ok(parts.chain([proc::ticks_of_ended_children()]).collect())
}
