//! The Dockerfile. What is in the image `cargo xtask image-root` tries.

use std::collections::BTreeSet;

use figment::Figment;
use figment::providers::{Format, Toml};

use crate::tools::{installed_program, succeed};
use crate::{read, root};

#[test]
fn hadolint_has_nothing_to_say() {
    let Some(mut hadolint) = installed_program("hadolint") else { return };
    succeed(hadolint.args(["--failure-threshold", "style"]).arg(root().join("deploy/Dockerfile")));
}

#[test]
fn the_image_is_built_with_the_toolchain_that_the_tests_are_run_with() {
    let channel = toml("rust-toolchain.toml", "toolchain.channel");
    assert_eq!(after("ARG RUST_VERSION="), [channel]);
}

#[test]
fn the_image_says_which_version_it_is() {
    let version = toml("Cargo.toml", "workspace.package.version");
    let label = format!("\"{version}\" \\");
    assert_eq!(after("org.opencontainers.image.version="), [label]);
}

#[test]
fn the_context_has_no_more_than_the_build_takes() {
    let rules = read(".dockerignore");
    let rules: BTreeSet<_> = rules.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = [
        "*",
        "!Cargo.lock",
        "!Cargo.toml",
        "!LICENSE-APACHE",
        "!LICENSE-MIT",
        "!crates",
        "!deploy/image.sh",
        "!migrations",
    ];
    assert_eq!(rules, expected.into());
}

#[test]
fn the_service_in_the_image_is_nobody_and_may_write_to_its_data_alone() {
    assert_eq!(after("FROM ").last().unwrap(), "scratch");
    assert_eq!(after("USER "), ["65532:65532"]);
    assert_eq!(after("VOLUME "), ["[\"/chats/data\"]"]);
    let copied =
        ["/image/etc/ /etc/", "/image/usr/ /usr/", "--chown=65532:65532 /image/chats/ /chats/"];
    assert_eq!(after("COPY --from=build "), copied);
}

/// What follows these words in the lines of the Dockerfile that begin with them.
fn after(words: &str) -> Vec<String> {
    let file = read("deploy/Dockerfile");
    let lines = file.lines().filter_map(|line| line.trim().strip_prefix(words));
    lines.map(str::to_owned).collect()
}

fn toml(file: &str, key: &str) -> String {
    Figment::from(Toml::file_exact(root().join(file))).extract_inner(key).unwrap()
}
