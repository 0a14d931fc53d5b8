//! The processes of a server, as the system sees them.

use std::io;
use std::process::{Command, Stdio};

/// A process and its children, those that have ended but are still listed left out.
pub(super) fn family(parent: u32) -> io::Result<Vec<u32>> {
    let processes = list()?.into_iter();
    let family = processes.filter(|it| it.pid == parent || it.parent == parent);
    Ok(family.map(|it| it.pid).collect())
}

/// Whether the process stands still, or is gone.
pub(super) fn is_still(pid: u32) -> io::Result<bool> {
    Ok(list()?.iter().find(|it| it.pid == pid).is_none_or(|it| it.is_stopped))
}

/// Whether any of these processes is there.
pub(super) fn any_is_alive(pids: &[u32]) -> io::Result<bool> {
    Ok(list()?.iter().any(|it| pids.contains(&it.pid)))
}

/// Sends a signal to these processes. One that has ended meanwhile is passed over.
pub(super) fn signal(name: &str, pids: &[u32]) -> io::Result<()> {
    // The shell's own `kill` is there where no program of that name is.
    Command::new("sh")
        .args(["-c", r#"kill -s "$@""#, "sh", name])
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status()
        .map(drop)
}

struct Process {
    pid: u32,
    parent: u32,
    is_stopped: bool,
}

fn list() -> io::Result<Vec<Process>> {
    let columns = ["-o", "pid=", "-o", "ppid=", "-o", "stat="];
    let output = Command::new("ps").arg("-A").args(columns).output()?;
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines.lines().filter_map(running).collect())
}

/// The process of a line, unless it is a zombie.
fn running(line: &str) -> Option<Process> {
    let mut columns = line.split_whitespace();
    let (pid, parent) = (columns.next()?.parse().ok()?, columns.next()?.parse().ok()?);
    let state = columns.next()?;
    let is_stopped = state.starts_with('T');
    (!state.starts_with('Z')).then_some(Process { pid, parent, is_stopped })
}
