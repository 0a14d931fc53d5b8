use std::env;
use std::process::Command;

use anyhow::{Context, Result, bail};
use chats_testkit::postgres::{Cluster, URL_VARIABLE};

use crate::{browser, conformance, deploy, interop, operators, postgres};

/// Runs all tests of the workspace. They share one throw-away cluster, unless a server is named.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut tests = Command::new(env!("CARGO"));
    tests.args(["test", "--workspace"]).args(args);
    operators::ensure_installed()?;
    interop::provide(&mut tests)?;
    deploy::provide(&mut tests)?;
    browser::provide();
    // It lives until the tests have ended.
    let cluster = if env::var_os(URL_VARIABLE).is_none() {
        let cluster = postgres::start()?;
        tests.env(URL_VARIABLE, cluster.url());
        Some(cluster)
    } else {
        None
    };
    let status = tests.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the tests failed");
    }
    // Whoever wants some of the tests does not want this.
    if args.is_empty() {
        conformance::run_short(cluster.as_ref().map(Cluster::url).as_deref())?;
    }
    Ok(())
}
