//! The unit of systemd, which is asked without being there.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::read;
use crate::tools::{all, program, succeed};

/// In tenths; the less, the less a service that was taken over can do.
const MOST_EXPOSURE: &str = "--threshold=12";

#[test]
fn systemd_understands_the_unit() {
    let Some(mut analyze) = program("systemd-analyze") else { return };
    let (_directory, unit) = unit();
    let output = analyze.arg("verify").arg(unit).output().unwrap();
    let said = all(&output);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn systemd_finds_little_that_the_service_may() {
    let Some(mut analyze) = program("systemd-analyze") else { return };
    let (_directory, unit) = unit();
    let options = ["security", "--offline=true", "--no-pager", MOST_EXPOSURE];
    succeed(analyze.args(options).arg(unit));
}

/// The unit, with a program that is there.
fn unit() -> (TempDir, PathBuf) {
    const PROGRAM: &str = "ExecStart=/usr/local/bin/chats ";
    let unit = read("deploy/systemd/chats.service");
    assert!(unit.contains(PROGRAM), "it runs something else");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("chats.service");
    fs::write(&file, unit.replace(PROGRAM, "ExecStart=/bin/true ")).unwrap();
    (directory, file)
}
