//! What other implementations of JWT need to mint tokens for the tests of `chats-access`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, iter};

use anyhow::Result;

use crate::{harness, libraries};

const PYJWT_VERSION: &str = "2.15.1";
const CRYPTOGRAPHY_VERSION: &str = "50.0.2";
const JOSE_VERSION: &str = "6.2.17";

/// Installs the libraries into the target directory, once, and tells the tests where they are.
///
/// Where one cannot be installed, its tests use what the machine has, or say that they did not run.
pub(crate) fn provide(tests: &mut Command) -> Result<()> {
    let tools = harness::target_directory()?.join("tools").join("interop");
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
    let packages =
        [format!("pyjwt=={PYJWT_VERSION}"), format!("cryptography=={CRYPTOGRAPHY_VERSION}")];
    let name = format!("pyjwt-{PYJWT_VERSION}-cryptography-{CRYPTOGRAPHY_VERSION}");
    libraries::of_python(tools, &name, &packages.each_ref().map(String::as_str))
}

/// The folder that Node has to look into.
fn jose(tools: &Path) -> Result<PathBuf> {
    libraries::of_node(tools, "jose", JOSE_VERSION)
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
