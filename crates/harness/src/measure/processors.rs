//! The processors of the machine, divided among those who send load and those who bear it: as if the load came
//! from another machine, so that it is not the slower for what its sender takes.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::proc;

/// Two halves. With a single processor, both are that one.
#[derive(Debug, Clone)]
pub(crate) struct Processors {
    /// Where our own process is, and whatever it starts.
    of_senders: Vec<u32>,
    rest: Vec<u32>,
}

impl Processors {
    /// Moves our own process to one half.
    pub(crate) fn divide() -> Result<Self> {
        let all = allowed_to(proc::own_id())?;
        let (rest, of_senders) = match all.split_at(all.len() / 2) {
            ([], only) => (only, only),
            halves => halves,
        };
        let halves = Self { of_senders: of_senders.to_vec(), rest: rest.to_vec() };
        move_family(proc::own_id(), &halves.of_senders)?;
        Ok(halves)
    }

    /// Moves processes, and all that descend from them, to the other half.
    pub(crate) fn give_rest_to(&self, roots: impl IntoIterator<Item = u32>) -> Result<()> {
        roots.into_iter().try_for_each(|root| move_family(root, &self.rest))
    }

    /// How many are the senders', and how many the others'.
    pub(crate) fn counts(&self) -> [usize; 2] {
        [self.of_senders.len(), self.rest.len()]
    }
}

fn move_family(root: u32, processors: &[u32]) -> Result<()> {
    let list = processors.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    for process in proc::family(root, &proc::processes()?) {
        let mut taskset = Command::new("taskset");
        taskset.args(["--all-tasks", "--cpu-list", "--pid", &list, &process.id.to_string()]);
        taskset.stdout(Stdio::null()).stderr(Stdio::null());
        // It fails if the process has ended meanwhile.
        taskset.status().context("taskset, which moves processes to processors, cannot be run")?;
    }
    ensure!(allowed_to(root)? == processors, "a process cannot be moved to the processors {list}");
    Ok(())
}

/// On which processors a process may run.
fn allowed_to(process: u32) -> Result<Vec<u32>> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    list.and_then(|list| parse_list(list.trim())).context("/proc/PID/status is not understood")
}

/// Of `0-2,5`.
fn parse_list(list: &str) -> Option<Vec<u32>> {
    let mut processors = Vec::new();
    for range in list.split(',') {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        processors.extend(from.parse::<u32>().ok()?..=to.parse().ok()?);
    }
    Some(processors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_processors_and_ranges_of_them() {
        assert_eq!(parse_list("0-2,5"), Some(vec![0, 1, 2, 5]));
        assert_eq!(parse_list("7"), Some(vec![7]));
        assert_eq!(parse_list("0-"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_runs_where_it_was_moved_to() {
        let mut process =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let last = allowed_to(proc::own_id()).unwrap().pop().unwrap();
        move_family(process.id(), &[last]).unwrap();
        let moved = allowed_to(process.id());
        drop(process.stdin.take());
        process.wait().unwrap();
        assert_eq!(moved.unwrap(), [last]);
    }
}
