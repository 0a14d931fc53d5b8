//! Libraries of other languages, installed into the target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use anyhow::{Context, Result, bail};

/// The folder that Python has to look into for these packages, each with its version: `pyjwt==2.15.1`.
pub(crate) fn of_python(tools: &Path, name: &str, packages: &[&str]) -> Result<PathBuf> {
    installed(&python_folder(tools, name)?, |folder| output(pip_install(folder)?.args(packages)))
}

/// The folder that Python has to look into for what a requirements file lists: everything, with its hashes.
pub(crate) fn of_requirements(tools: &Path, name: &str, requirements: &str) -> Result<PathBuf> {
    const FILE: &str = "requirements.txt";
    let folder = python_folder(tools, name)?;
    let is_of_others = |known: String| known != requirements;
    if folder.is_dir() && fs::read_to_string(folder.join(FILE)).map_or(true, is_of_others) {
        fs::remove_dir_all(&folder)?;
    }
    installed(&folder, |folder| {
        let file = folder.join(FILE);
        fs::write(&file, requirements)?;
        let mut pip = pip_install(folder)?;
        output(pip.args(["--require-hashes", "--no-deps", "--requirement"]).arg(file))
    })
}

/// What is compiled fits one version of Python on one kind of system.
fn python_folder(tools: &Path, name: &str) -> Result<PathBuf> {
    let abi = "import sysconfig; print(sysconfig.get_config_var('SOABI'))";
    let abi = output(Command::new("python3").args(["-c", abi]))?;
    Ok(tools.join(format!("{name}-{abi}")))
}

fn pip_install(folder: &Path) -> Result<Command> {
    let mut pip = pip(folder)?;
    // To compile some packages would take minutes, and compilers.
    pip.args(["install", "--quiet", "--quiet", "--retries=1", "--only-binary=:all:"]);
    pip.arg("--target").arg(folder);
    Ok(pip)
}

/// The folder that Node has to look into for a package of this version.
pub(crate) fn of_node(tools: &Path, name: &str, version: &str) -> Result<PathBuf> {
    let folder = installed(&tools.join(format!("{name}-{version}")), |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]);
        npm.args(["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--prefix"]).arg(folder);
        output(npm.arg(format!("{name}@{version}")))
    })?;
    Ok(folder.join("node_modules"))
}

/// The machine's pip, or else that of a virtual environment: systems have one without the other.
fn pip(folder: &Path) -> Result<Command> {
    let mut python = PathBuf::from("python3");
    if output(Command::new(&python).args(["-m", "pip", "--version"])).is_err() {
        let environment = folder.join(".venv");
        output(Command::new(&python).args(["-m", "venv"]).arg(&environment))?;
        python = environment.join("bin").join("python");
    }
    let mut pip = Command::new(python);
    pip.args(["-m", "pip"]);
    Ok(pip)
}

/// The folder has its name only when it is whole, so that it is filled once.
fn installed(folder: &Path, install: impl FnOnce(&Path) -> Result<String>) -> Result<PathBuf> {
    if !folder.is_dir() {
        let unfinished = folder.with_added_extension(process::id().to_string());
        fs::create_dir_all(&unfinished)?;
        let done = install(&unfinished).and_then(|_| Ok(fs::rename(&unfinished, folder)?));
        if let Err(error) = done {
            fs::remove_dir_all(&unfinished)?;
            // Who came first at the same time has installed the same.
            if !folder.is_dir() {
                return Err(error);
            }
        }
    }
    Ok(folder.to_owned())
}

/// What the command prints. An error has the first thing that it complains about.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        // pip warns of each attempt before it says what is wrong.
        let mut complaints = complaint.lines().chain(printed.lines());
        let complaint = complaints.find(|line| !line.is_empty() && !line.starts_with("WARNING"));
        bail!("{program} failed: {}", complaint.unwrap_or("it does not say why"));
    }
    Ok(printed)
}
