//! The rules of the house, held against what cargo knows of the workspace.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::BTreeSet;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Crates that do I/O, or bring a framework or a runtime.
const TECHNOLOGY: [&str; 10] = [
    "actix-web",
    "diesel",
    "diesel-async",
    "hyper",
    "libsqlite3-sys",
    "mio",
    "reqwest",
    "rustls",
    "tokio",
    "tokio-postgres",
];

/// The crates around the domain, of which none knows another.
const ADAPTERS: [&str; 9] = [
    "chats-access",
    "chats-admin",
    "chats-cache",
    "chats-event-client",
    "chats-event-embedded",
    "chats-http",
    "chats-replica",
    "chats-store",
    "chats-telemetry",
];

#[test]
fn the_domain_knows_no_technology() {
    let workspace = workspace();
    let domain = all_dependencies(&workspace, "chats-domain");
    for crate_name in TECHNOLOGY {
        assert!(!domain.contains(crate_name), "chats-domain depends on {crate_name}");
    }
    // A name that nothing has would be absent too.
    let service = all_dependencies(&workspace, "chats");
    for crate_name in TECHNOLOGY {
        assert!(service.contains(crate_name), "{crate_name} is no crate that the service uses");
    }
}

#[test]
fn an_adapter_knows_the_domain_and_no_other_adapter() {
    let workspace = workspace();
    for adapter in ADAPTERS {
        let dependencies = all_dependencies(&workspace, adapter);
        assert!(dependencies.contains("chats-domain"), "{adapter} is no adapter of the domain");
        for other in ADAPTERS {
            assert!(!dependencies.contains(other), "{adapter} depends on {other}");
        }
    }
}

#[test]
fn every_crate_is_known_to_these_rules() {
    let known = ADAPTERS.into_iter().chain([
        "chats",
        "chats-benchmarks",
        "chats-domain",
        "chats-harness",
        "chats-testkit",
        "xtask",
    ]);
    let workspace = workspace();
    let members: BTreeSet<_> =
        workspace.workspace_packages().into_iter().map(|it| it.name.to_string()).collect();
    assert_eq!(members, known.map(str::to_owned).collect());
}

#[test]
fn the_service_does_not_carry_what_is_for_tests_alone() {
    // The metadata of a workspace has the features of all its tests switched on; this has not.
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", "chats", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let service: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(service.contains("chats-domain") && service.contains("actix-web"));
    for crate_name in ["chats-benchmarks", "chats-harness", "chats-testkit", "mockall", "proptest"]
    {
        assert!(!service.contains(crate_name), "chats depends on {crate_name}");
    }
}

fn workspace() -> Metadata {
    MetadataCommand::new().other_options(["--locked".to_owned()]).exec().unwrap()
}

/// The names of all crates that are built into `crate_name`, however deep they stand; those that only
/// its tests use do not count.
fn all_dependencies(workspace: &Metadata, crate_name: &str) -> BTreeSet<String> {
    let resolve = workspace.resolve.as_ref().unwrap();
    let start = workspace.workspace_packages().into_iter().find(|it| it.name == crate_name);
    let start = start.unwrap_or_else(|| panic!("there is no crate {crate_name}"));
    let mut seen: BTreeSet<&PackageId> = BTreeSet::new();
    let mut open = vec![&start.id];
    while let Some(id) = open.pop() {
        let node = resolve.nodes.iter().find(|node| node.id == *id).unwrap();
        let built_in = node.deps.iter().filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
        });
        open.extend(built_in.map(|dependency| &dependency.pkg).filter(|id| seen.insert(id)));
    }
    seen.into_iter()
        .map(|id| workspace[id].name.to_string())
        .filter(|it| it != crate_name)
        .collect()
}
