//! Fuzzing with libFuzzer, guided by what of the code has been reached, on the stable toolchain.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::{MetadataCommand, Target};

use crate::harness::target_directory;

/// What makes the compiler count what is reached, and note what is compared: as cargo-fuzz has it.
const FLAGS: [&str; 7] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// The most bytes of an input. A request's body has as many.
const MAX_BYTES: &str = "65536";

/// Runs a target, or all of them one after the other, each for so many `seconds`.
pub(crate) fn run(target: Option<&str>, seconds: u32) -> Result<()> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("fuzz");
    let names = targets(&package)?;
    let chosen: Vec<_> = names.iter().filter(|it| target.is_none_or(|one| one == *it)).collect();
    if chosen.is_empty() {
        bail!("there is no such target; there are {}", names.join(", "));
    }
    let directory = target_directory()?.join("fuzz");
    let host = host()?;
    build(&package, &directory, &host)?;
    for name in chosen {
        let program = directory.join(&host).join("release").join(name);
        run_one(&program, &package.join("seeds").join(name), &directory, name, seconds)?;
    }
    Ok(())
}

/// The names of all targets.
fn targets(package: &Path) -> Result<Vec<String>> {
    let mut metadata = MetadataCommand::new();
    let metadata = metadata.manifest_path(package.join("Cargo.toml")).no_deps().exec();
    let packages = metadata.context("cannot ask cargo for the targets")?.packages;
    let targets = packages.into_iter().flat_map(|it| it.targets).filter(Target::is_bin);
    Ok(targets.map(|it| it.name).collect())
}

/// With a target named, build scripts and macros are built without the flags.
fn build(package: &Path, directory: &Path, host: &str) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--bins", "--target", host, "--manifest-path"]);
    cargo.arg(package.join("Cargo.toml")).arg("--target-dir").arg(directory);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    if !cargo.status().context("cannot start cargo")?.success() {
        bail!("the fuzz targets could not be built");
    }
    Ok(())
}

/// Runs a target on its seeds and on what was found before, which it adds to.
fn run_one(program: &Path, seeds: &Path, directory: &Path, name: &str, seconds: u32) -> Result<()> {
    let corpus = directory.join("corpus").join(name);
    let failures = directory.join("failures").join(name);
    for directory in [&corpus, &failures] {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
    }
    let status = Command::new(program)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_BYTES}"))
        // What takes longer than so many seconds is a failure, too.
        .args(["-timeout=5", "-print_funcs=0", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", failures.display()))
        .args([&corpus, seeds])
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        bail!("the target {name} failed; the input is in {}", failures.display());
    }
    Ok(())
}

/// The platform that is built on.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot start rustc")?;
    let output = String::from_utf8(output.stdout).context("rustc does not write text")?;
    let host = output.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not tell the platform")
}
