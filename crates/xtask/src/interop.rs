//! What other implementations of JWT need to mint tokens for the tests of `chats-access`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::{env, fs, iter};

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

const PYJWT_VERSION: &str = "2.15.1";
const CRYPTOGRAPHY_VERSION: &str = "50.0.2";
const JOSE_VERSION: &str = "6.2.17";

/// Installs the libraries into the target directory, once, and tells the tests where they are.
///
/// Where one cannot be installed, its tests use what the machine has, or say that they did not run.
pub(crate) fn provide(tests: &mut Command) -> Result<()> {
    let metadata = MetadataCommand::new().no_deps().exec().context("cannot ask cargo")?;
    let tools = metadata.target_directory.join("tools").join("interop").into_std_path_buf();
    let libraries = [("PYTHONPATH", "PyJWT", pyjwt(&tools)), ("NODE_PATH", "jose", jose(&tools))];
    for (variable, library, folder) in libraries {
        match folder {
            Ok(folder) => drop(tests.env(variable, before_others(variable, folder)?)),
            Err(error) => warn(library, &error),
        }
    }
    Ok(())
}

/// The folder that Python has to look into.
fn pyjwt(tools: &Path) -> Result<PathBuf> {
    // What is compiled fits one version of Python on one kind of system.
    let abi = "import sysconfig; print(sysconfig.get_config_var('SOABI'))";
    let abi = output(Command::new("python3").args(["-c", abi]))?;
    let name = format!("pyjwt-{PYJWT_VERSION}-cryptography-{CRYPTOGRAPHY_VERSION}-{abi}");
    installed(&tools.join(name), |folder| {
        let mut pip = pip(folder)?;
        // To compile cryptography would take minutes, and compilers.
        pip.args(["install", "--quiet", "--quiet", "--retries=1", "--only-binary=:all:"]);
        pip.arg("--target").arg(folder);
        pip.arg(format!("pyjwt=={PYJWT_VERSION}"));
        pip.arg(format!("cryptography=={CRYPTOGRAPHY_VERSION}"));
        output(&mut pip)
    })
}

/// The machine's pip, or else that of a virtual environment: systems have one without the other.
pub(crate) fn pip(folder: &Path) -> Result<Command> {
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

/// The folder that Node has to look into.
fn jose(tools: &Path) -> Result<PathBuf> {
    let folder = installed(&tools.join(format!("jose-{JOSE_VERSION}")), |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]);
        npm.args(["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--prefix"]).arg(folder);
        output(npm.arg(format!("jose@{JOSE_VERSION}")))
    })?;
    Ok(folder.join("node_modules"))
}

/// The folder has its name only when it is whole, so that it is filled once.
pub(crate) fn installed(
    folder: &Path,
    install: impl FnOnce(&Path) -> Result<String>,
) -> Result<PathBuf> {
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

/// The value of a variable that lists folders, with one more in front.
fn before_others(variable: &str, folder: PathBuf) -> Result<OsString> {
    let others = env::var_os(variable).unwrap_or_default();
    let others = env::split_paths(&others).filter(|other| !other.as_os_str().is_empty());
    Ok(env::join_paths(iter::once(folder).chain(others))?)
}

fn warn(library: &str, error: &anyhow::Error) {
    #[expect(clippy::print_stderr, reason = "this is where a developer sees what is not tested")]
    {
        eprintln!("warning: {library} is not installed for the tests of tokens: {error:#}");
    }
}
