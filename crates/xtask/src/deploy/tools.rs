use std::process::Command;

use anyhow::{Context, Result};

use crate::harness::target_directory;
use crate::{libraries, packages};

/// Names the folder of the Python tools to the tests.
const FOLDER_VARIABLE: &str = "CHATS_DEPLOY_TOOLS";

/// With hashes, for some of it is compiled.
const REQUIREMENTS: &str = include_str!("requirements.txt");

const ANALYZE: &str = "systemd-analyze";

/// Installs what the tests of `deploy/` run alone, once, and tells them where it is.
///
/// Where something cannot be installed, its tests say that they did not run.
pub(crate) fn provide(tests: &mut Command) -> Result<()> {
    let tools = target_directory()?.join("tools").join("deploy");
    match libraries::of_requirements(&tools, "python", REQUIREMENTS) {
        Ok(folder) => drop(tests.env(FOLDER_VARIABLE, folder)),
        Err(error) => warn("what checks Dockerfile, compose.yaml and the chart", &error),
    }
    if cfg!(target_os = "linux") && !packages::exists(ANALYZE) {
        let installed = packages::install(ANALYZE, |_| "systemd");
        if let Err(error) = installed.context("it is not installed") {
            warn(ANALYZE, &error);
        }
    }
    Ok(())
}

fn warn(tool: &str, error: &anyhow::Error) {
    #[expect(clippy::print_stderr, reason = "this is where a developer sees what is not tested")]
    {
        eprintln!("warning: {tool} is not there for the tests of deploy/: {error:#}");
    }
}
