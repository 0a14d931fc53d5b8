use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::harness::target_directory;
use crate::libraries::{installed, output, pip};
use crate::packages::{self, Manager};

/// Names the folder of the Python tools to the tests.
const FOLDER_VARIABLE: &str = "CHATS_DEPLOY_TOOLS";

/// With hashes, for some of it is compiled.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Installs what the tests of `deploy/` run, once, and tells them where it is.
///
/// Where something cannot be installed, its tests say that they did not run.
pub(crate) fn provide(tests: &mut Command) -> Result<()> {
    let tools = target_directory()?.join("tools").join("deploy");
    match python_tools(&tools) {
        Ok(folder) => drop(tests.env(FOLDER_VARIABLE, folder)),
        Err(error) => warn("what checks Dockerfile, compose.yaml and the chart", &error),
    }
    let of_prometheus = |manager| match manager {
        Manager::Apt | Manager::Homebrew => "prometheus",
        Manager::Dnf => "golang-github-prometheus",
    };
    ensure_installed("promtool", of_prometheus);
    if cfg!(target_os = "linux") {
        ensure_installed("systemd-analyze", |_| "systemd");
    }
    Ok(())
}

/// The folder that Python has to look into.
fn python_tools(tools: &Path) -> Result<PathBuf> {
    fs::create_dir_all(tools)?;
    let requirements = tools.join("requirements.txt");
    let is_known = fs::read_to_string(&requirements).is_ok_and(|known| known == REQUIREMENTS);
    let folder = tools.join("python");
    if !is_known && folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    fs::write(&requirements, REQUIREMENTS)?;
    installed(&folder, |folder| {
        let mut pip = pip(folder)?;
        pip.args(["install", "--quiet", "--quiet", "--retries=1", "--only-binary=:all:"]);
        pip.args(["--require-hashes", "--no-deps", "--target"]).arg(folder);
        output(pip.arg("--requirement").arg(&requirements))
    })
}

fn ensure_installed(program: &str, package: impl Fn(Manager) -> &'static str) {
    if !packages::exists(program) {
        let installed = packages::install(program, package).context("it is not installed");
        if let Err(error) = installed {
            warn(program, &error);
        }
    }
}

fn warn(tool: &str, error: &anyhow::Error) {
    #[expect(clippy::print_stderr, reason = "this is where a developer sees what is not tested")]
    {
        eprintln!("warning: {tool} is not there for the tests of deploy/: {error:#}");
    }
}
