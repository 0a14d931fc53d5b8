//! What the system tells of processes and of the machine: `proc(5)`.

use std::io;
use std::time::Duration;
use std::{fs, process};

use anyhow::{Context, Result};
use rustix::process::Pid;

/// A process, and the processor time that it has taken, in ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: u32,
    pub(crate) parent: u32,
    pub(crate) name: String,
    /// Its own.
    pub(crate) ticks: u64,
    /// That of its children that have ended and been waited for.
    pub(crate) ticks_of_ended: u64,
}

/// How much memory a process has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Memory {
    pub(crate) resident_mib: f64,
    pub(crate) most_resident_mib: f64,
}

/// All processes.
pub(crate) fn processes() -> Result<Vec<Process>> {
    let entries = fs::read_dir("/proc").context("this system has no /proc to measure with")?;
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // One may end before it is looked at.
    Ok(ids.filter_map(process).collect())
}

/// A process and all that descend from it.
pub(crate) fn family(root: u32, processes: &[Process]) -> Vec<&Process> {
    let mut family: Vec<_> = processes.iter().filter(|it| it.id == root).collect();
    let mut next = 0;
    while let Some(parent) = family.get(next) {
        let parent = parent.id;
        family.extend(processes.iter().filter(|it| it.parent == parent));
        next += 1;
    }
    family
}

/// The threads of a process. None, if it has ended.
pub(crate) fn threads_of(id: u32) -> Vec<Pid> {
    let entries = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(Pid::from_raw).collect()
}

/// The processor time of a process and of all that descend from it, be they there or not.
pub(crate) fn ticks_of_family(root: u32, processes: &[Process]) -> u64 {
    family(root, processes).into_iter().map(|it| it.ticks + it.ticks_of_ended).sum()
}

/// The process that started this one.
pub(crate) fn parent_of(id: u32) -> Option<u32> {
    process(id).map(|it| it.parent)
}

/// The processor time of our own children that have ended.
pub(crate) fn ticks_of_ended_children() -> u64 {
    process(process::id()).map_or(0, |it| it.ticks_of_ended)
}

/// How many ticks all processors have worked.
pub(crate) fn ticks_of_machine() -> Result<u64> {
    let stat = fs::read_to_string("/proc/stat")?;
    ticks_of_all_processors(&stat).context("/proc/stat is not understood")
}

/// How long so many ticks are.
pub(crate) fn time(ticks: u64) -> Duration {
    let ticks_per_second = rustix::param::clock_ticks_per_second();
    let micros = ticks.saturating_mul(1_000_000) / ticks_per_second.max(1);
    Duration::from_micros(micros)
}

/// The memory of a process that runs.
pub(crate) fn memory(id: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    memory_in(&status).context("/proc/PID/status is not understood")
}

/// The load average of the last minute, where the system tells.
pub(crate) fn load_average() -> io::Result<String> {
    let averages = fs::read_to_string("/proc/loadavg")?;
    Ok(averages.split(' ').next().unwrap_or_default().to_owned())
}

/// Our own number.
pub(crate) fn own_id() -> u32 {
    process::id()
}

fn process(id: u32) -> Option<Process> {
    parse_process(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// The name stands in parentheses, and may hold some itself.
fn parse_process(stat: &str) -> Option<Process> {
    let (id, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    // The fields are counted from 1 in the manual, and the state is the third.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Process {
        id: id.parse().ok()?,
        parent: u32::try_from(field(4)?).ok()?,
        name: name.to_owned(),
        ticks: field(14)? + field(15)?,
        ticks_of_ended: field(16)? + field(17)?,
    })
}

/// Of `user nice system idle iowait irq softirq steal`, all but the two in which nothing is done.
fn ticks_of_all_processors(stat: &str) -> Option<u64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields: Option<Vec<u64>> =
        line.split_whitespace().take(8).map(|field| field.parse().ok()).collect();
    let fields = fields?;
    Some(fields.iter().enumerate().filter(|(at, _)| !matches!(at, 3 | 4)).map(|(_, it)| it).sum())
}

fn memory_in(status: &str) -> Option<Memory> {
    let mib = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u32 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(f64::from(kib) / 1024.0)
    };
    Some(Memory { resident_mib: mib("VmRSS:")?, most_resident_mib: mib("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "71 (odd ) name) S 7 71 71 0 -1 4194560 10 20 0 0 100 20 3 4 20 0 4 0 5 6 7";
        let name = "odd ) name".to_owned();
        let expected = Process { id: 71, parent: 7, name, ticks: 120, ticks_of_ended: 7 };
        assert_eq!(parse_process(stat), Some(expected));
    }

    #[test]
    fn waiting_is_no_work() {
        let stat = "cpu  10 20 30 4000 5000 1 2 3 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n";
        assert_eq!(ticks_of_all_processors(stat), Some(66));
    }

    #[test]
    fn memory_is_told_in_mebibytes() {
        let status = "Name:\tchats\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        let expected = Memory { resident_mib: 10.0, most_resident_mib: 20.0 };
        assert_eq!(memory_in(status), Some(expected));
    }

    #[test]
    fn a_family_is_all_that_descend_from_one() {
        let process =
            |id, parent| Process { id, parent, name: String::new(), ticks: 10, ticks_of_ended: 1 };
        let processes = [process(4, 3), process(1, 0), process(3, 2), process(2, 1), process(9, 1)];
        let ids: Vec<_> = family(2, &processes).iter().map(|it| it.id).collect();
        assert_eq!(ids, [2, 3, 4]);
        assert_eq!(ticks_of_family(2, &processes), 33);
    }
}
