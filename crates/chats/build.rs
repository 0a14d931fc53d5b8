//! Tells the crate which commit it is built from: `CHATS_COMMIT` of the environment, or else what git says.

use std::env;
use std::path::Path;
use std::process::Command;

/// So many digits tell commits apart in any repository.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-env-changed=CHATS_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let given = env::var("CHATS_COMMIT").ok().filter(|commit| !commit.trim().is_empty());
    let commit = given.or_else(of_git).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=CHATS_COMMIT={}", commit.trim());
}

/// The commit of our own repository. Without git, or in somebody else's repository, there is none.
fn of_git() -> Option<String> {
    let root = Path::new(&env::var_os("CARGO_MANIFEST_DIR")?).join("../..").canonicalize().ok()?;
    let top = git(&root, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != root {
        return None;
    }
    // One of the two changes with each commit and with each change of branch. Cargo would build anew each
    // time for a file that is not there.
    for file in ["HEAD", "logs/HEAD"] {
        let file = root.join(git(&root, &["rev-parse", "--git-path", file])?);
        if file.is_file() {
            println!("cargo::rerun-if-changed={}", file.display());
        }
    }
    git(&root, &["rev-parse", &format!("--short={DIGITS}"), "HEAD"])
}

fn git(root: &Path, words: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(root).args(words).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}
