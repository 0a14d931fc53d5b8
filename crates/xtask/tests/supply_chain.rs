//! What `deny.toml` says of the crates of others, held without a network and on every run.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{MetadataCommand, Package};
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use spdx::{Expression, LicenseReq, ParseMode};

/// The file, as far as this holds it. It must say nothing else but of advisories.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    licenses: Licenses,
    sources: Sources,
    bans: Bans,
    #[serde(rename = "advisories")]
    _advisories: figment::value::Dict,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    allow_registry: BTreeSet<String>,
    unknown_git: Answer,
    unknown_registry: Answer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    multiple_versions: Answer,
    skip: Vec<Skip>,
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    /// One version is fine.
    #[serde(default)]
    deny_multiple_versions: bool,
}

/// What is not allowed otherwise.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Deny,
}

#[test]
fn every_crate_is_under_terms_that_are_allowed() {
    let Rules { licenses, .. } = rules();
    let allows = |terms: &LicenseReq| licenses.allow.contains(&terms.to_string());
    for package in packages() {
        let name = format!("{} {}", package.name, package.version);
        let terms = package.license.as_deref().unwrap_or_else(|| panic!("{name} names no terms"));
        let expression = Expression::parse_mode(terms, ParseMode::LAX).unwrap();
        assert!(expression.evaluate(allows), "{name} is under {terms}");
    }
    assert!(!Expression::parse("GPL-3.0-only").unwrap().evaluate(allows));
}

#[test]
fn every_crate_comes_from_where_it_may() {
    let Rules { sources, .. } = rules();
    let Sources { allow_registry, unknown_git: Answer::Deny, unknown_registry: Answer::Deny } =
        sources;
    for package in packages() {
        // Those of the workspace come from nowhere.
        let Some(source) = &package.source else { continue };
        let registry = source.repr.strip_prefix("registry+");
        let is_allowed = registry.is_some_and(|it| allow_registry.contains(it));
        assert!(is_allowed, "{} comes from {source}", package.name);
    }
}

#[test]
fn no_crate_is_there_that_is_banned() {
    let Rules { bans, .. } = rules();
    let packages = packages();
    for Ban { name, deny_multiple_versions } in bans.deny {
        let versions = packages.iter().filter(|package| package.name == name).count();
        if deny_multiple_versions {
            assert_eq!(versions, 1, "{name} has several versions, or is needed no more");
        } else {
            assert_eq!(versions, 0, "{name} is banned");
        }
    }
}

#[test]
fn a_crate_has_one_version_unless_that_was_decided() {
    let Bans { multiple_versions: Answer::Deny, skip, .. } = rules().bans;
    let allowed: BTreeSet<_> = skip.into_iter().map(|it| it.name).collect();
    let mut seen = BTreeSet::new();
    let packages = packages();
    let names = packages.iter().map(|package| package.name.to_string());
    let several: BTreeSet<_> = names.filter(|name| !seen.insert(name.clone())).collect();
    assert_eq!(several, allowed, "on the left: what has several versions; on the right: what may");
}

fn rules() -> Rules {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deny.toml");
    Figment::from(Toml::file_exact(file)).extract().unwrap()
}

/// All that is built for some platform, for the service or for its tests.
fn packages() -> Vec<Package> {
    // The metadata has crates in it that nobody builds; this has not.
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--workspace", "--target", "all", "--edges", "all"])
        .args(["--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let built: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap()))
        .collect();
    let metadata = MetadataCommand::new().other_options(["--locked".to_owned()]).exec().unwrap();
    let is_built = |package: &Package| {
        built.contains(&(package.name.as_str(), package.version.to_string().as_str()))
    };
    let packages: Vec<_> = metadata.packages.into_iter().filter(is_built).collect();
    assert_eq!(packages.len(), built.len());
    packages
}
