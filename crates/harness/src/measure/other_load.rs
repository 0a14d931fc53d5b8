use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Instant;

use anyhow::Result;

use super::proc::{self, Process};

/// How many processes are named.
const NAMED: usize = 3;

/// What the machine did besides us in a round.
#[derive(Debug, Clone, Default)]
pub(crate) struct OtherLoad {
    /// How many processors it kept busy.
    cores: f64,
    /// Those that took most of it, each with how many processors.
    most: Vec<(String, f64)>,
    load_average: String,
}

/// A round that is being watched.
pub(crate) struct Watch {
    /// What is ours: these, and what descends from them.
    ours: Vec<u32>,
    began: Instant,
    ticks_of_machine: u64,
    processes: Vec<Process>,
}

impl Watch {
    /// Begins to watch. `servers` are ours, though they do not descend from us.
    pub(crate) fn begin(servers: &[u32]) -> Result<Self> {
        Ok(Self {
            ours: [servers, &[proc::own_id()]].concat(),
            began: Instant::now(),
            ticks_of_machine: proc::ticks_of_machine()?,
            processes: proc::processes()?,
        })
    }

    /// What others did meanwhile.
    pub(crate) fn end(self) -> Result<OtherLoad> {
        let ticks_of_machine = proc::ticks_of_machine()?.saturating_sub(self.ticks_of_machine);
        let processes = proc::processes()?;
        let ticks_of_ours =
            self.ticks_of_ours(&processes).saturating_sub(self.ticks_of_ours(&self.processes));
        let seconds = self.began.elapsed().as_secs_f64();
        let cores = |ticks| proc::time(ticks).as_secs_f64() / seconds;
        let most = self.others_that_took_most(&processes).into_iter();
        Ok(OtherLoad {
            cores: cores(ticks_of_machine.saturating_sub(ticks_of_ours)),
            most: most.map(|(name, ticks)| (name, cores(ticks))).collect(),
            load_average: proc::load_average()?,
        })
    }

    fn ticks_of_ours(&self, processes: &[Process]) -> u64 {
        self.ours.iter().map(|root| proc::ticks_of_family(*root, processes)).sum()
    }

    /// Of those that are there at the end, by name.
    fn others_that_took_most(&self, processes: &[Process]) -> Vec<(String, u64)> {
        let families = self.ours.iter().flat_map(|root| proc::family(*root, processes));
        let ours: BTreeSet<_> = families.map(|it| it.id).collect();
        let before: BTreeMap<_, _> = self.processes.iter().map(|it| (it.id, it.ticks)).collect();
        let mut others: BTreeMap<_, u64> = BTreeMap::new();
        for process in processes.iter().filter(|it| !ours.contains(&it.id)) {
            let before = before.get(&process.id).copied().unwrap_or_default();
            *others.entry(&process.name).or_default() += process.ticks.saturating_sub(before);
        }
        let mut others: Vec<_> = others.into_iter().filter(|(_, ticks)| *ticks > 0).collect();
        others.sort_by_key(|(_, ticks)| Reverse(*ticks));
        others.into_iter().take(NAMED).map(|(name, ticks)| (name.clone(), ticks)).collect()
    }
}

impl fmt::Display for OtherLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} processors", self.cores)?;
        if !self.most.is_empty() {
            let most: Vec<_> =
                self.most.iter().map(|(name, cores)| format!("{name} {cores:.2}")).collect();
            write!(f, " ({})", most.join(", "))?;
        }
        write!(f, ", load average {}", self.load_average)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_named_and_we_are_not() {
        let process = |id, parent, name: &str, ticks| {
            let name = name.to_owned();
            Process { id, parent, name, ticks, ticks_of_ended: 1_000 }
        };
        let begin = [process(2, 1, "chats-harness", 10), process(5, 1, "cc", 30)];
        let watch = Watch {
            ours: vec![2],
            began: Instant::now(),
            ticks_of_machine: 0,
            processes: begin.to_vec(),
        };
        let end = [
            process(2, 1, "chats-harness", 20),
            process(3, 2, "chats", 900),
            process(5, 1, "cc", 40),
            process(6, 1, "ld", 15),
            process(7, 1, "cc", 9),
            process(8, 1, "idle", 0),
        ];
        let expected = [("cc".to_owned(), 19), ("ld".to_owned(), 15)];
        assert_eq!(watch.others_that_took_most(&end), expected);
        // What is ours: ten more ticks of its own, and a child with all that it took.
        assert_eq!(watch.ticks_of_ours(&end) - watch.ticks_of_ours(&begin), 10 + 1_900);
    }
}
