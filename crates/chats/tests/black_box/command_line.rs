//! What the program says of itself.

use std::path::Path;
use std::process::{Command, Output};
use std::{env, fs};

use crate::support::chats;

/// How a terminal is told to colour what follows.
const ESCAPE: char = '\x1b';

fn run(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    chats(directory.path()).args(arguments).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_version_has_the_commit() {
    let version = printed(&["--version"]);
    let words: Vec<_> = version.split_whitespace().collect();
    let ["chats", number, commit] = words[..] else { panic!("{version}") };
    assert_eq!(number, env!("CARGO_PKG_VERSION"));
    let commit = commit.strip_prefix('(').and_then(|it| it.strip_suffix(')')).unwrap();
    assert!(commit.chars().all(|c| c.is_ascii_alphanumeric()) && !commit.is_empty(), "{commit}");
    assert_eq!(printed(&["-V"]), version);
}

#[test]
fn the_commit_is_what_the_environment_says_or_else_git_if_there_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("build-script");
    let built = Command::new("rustc")
        .args(["--edition", "2024", "--out-dir"])
        .arg(directory.path())
        .args(["--crate-name", "build_script"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/build.rs"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    fs::rename(directory.path().join("build_script"), &script).unwrap();
    let commit_in = |package: &Path, commit: Option<&str>, path: &str| {
        let mut command = Command::new(&script);
        command.env_remove("CHATS_COMMIT").env("CARGO_MANIFEST_DIR", package).env("PATH", path);
        command.envs(commit.map(|commit| ("CHATS_COMMIT", commit)));
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let commit = said.lines().find_map(|it| it.strip_prefix("cargo::rustc-env=CHATS_COMMIT="));
        commit.unwrap().to_owned()
    };
    let path = env::var("PATH").unwrap();
    let package = directory.path().join("crates/chats");
    fs::create_dir_all(&package).unwrap();
    assert_eq!(commit_in(&package, None, &path), "unknown");
    assert_eq!(commit_in(&package, Some("  "), &path), "unknown");
    assert_eq!(commit_in(&package, Some("0123abcd\n"), &path), "0123abcd");

    let git = |words: &[&str]| {
        let identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
        let mut command = Command::new("git");
        command.arg("-C").arg(directory.path()).args(identity).args(words);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    assert_eq!(commit_in(&package, None, &path), "unknown", "there is no commit yet");
    git(&["commit", "--quiet", "--allow-empty", "--message", "First"]);
    let head = git(&["rev-parse", "HEAD"]);
    assert_eq!(commit_in(&package, None, &path), head[..12]);
    assert_eq!(commit_in(&package, Some("given"), &path), "given");
    assert_eq!(commit_in(&package, None, ""), "unknown", "there is no git");
    // Somebody else's repository, in which our files lie.
    let inner = package.join("crates/chats");
    fs::create_dir_all(&inner).unwrap();
    assert_eq!(commit_in(&inner, None, &path), "unknown");
}

#[test]
fn a_commit_in_the_environment_is_no_setting() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = chats(directory.path());
    command.env("CHATS_COMMIT", "0123abcd").arg("migrate");
    assert!(command.output().unwrap().status.success());
}

#[test]
fn the_openapi_document_is_printed_without_any_configuration() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("chats.toml"), "this = is no configuration").unwrap();
    let output = chats(directory.path()).arg("openapi").output().unwrap();
    let expected = include_str!("../../../../docs/openapi.json");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn every_shell_completes_all_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&["completions", shell]);
        for word in ["serve", "migrate", "completions", "database-url"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert!(!run(&["completions", "abacus"]).status.success());
}

#[test]
fn a_script_of_completions_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("chats.bash");
    fs::write(&script, printed(&["completions", "bash"])).unwrap();
    let completed = Command::new("bash")
        .arg("-ec")
        .arg("source \"$0\"; COMP_WORDS=(chats mi); COMP_CWORD=1; _chats chats mi chats; echo \"$COMPREPLY\"")
        .arg(&script)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(completed.stdout).unwrap(), "migrate\n");
}

#[test]
fn every_command_tells_how_it_is_used_with_examples() {
    let commands = printed(&["--help"]);
    assert!(commands.contains("\nExamples:\n  chats "), "{commands}");
    let (_, commands) = commands.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let commands: Vec<_> =
        commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 7, "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let help = printed(&[command, "--help"]);
        assert!(help.contains(&format!("chats {command}")), "{help}");
        assert!(help.contains("\nExamples:\n"), "{help}");
        assert!(!help.contains(ESCAPE), "{help}");
    }
}

#[test]
fn there_is_colour_where_it_is_wanted_and_nowhere_else() {
    for arguments in
        [&["--help"][..], &["serve", "--config", "nothing.toml"], &["serve", "--nonsense"]]
    {
        let directory = tempfile::tempdir().unwrap();
        let said = |variables: &[(&str, &str)]| {
            let mut command = chats(directory.path());
            command.args(arguments).env_remove("NO_COLOR").envs(variables.iter().copied());
            let Output { stdout, stderr, .. } = command.output().unwrap();
            String::from_utf8([stdout, stderr].concat()).unwrap()
        };
        let plain = said(&[]);
        assert!(!plain.contains(ESCAPE), "{plain}");
        let coloured = said(&[("CLICOLOR_FORCE", "1")]);
        assert!(coloured.contains(ESCAPE), "{coloured}");
        assert!(coloured.len() > plain.len());
    }
}
