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
    let (server, _cluster) = server()?;
    tests.env(URL_VARIABLE, &server);
    let status = tests.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the tests failed");
    }
    // Whoever wants some of the tests does not want this.
    if args.is_empty() {
        conformance::run_short(&server)?;
    }
    Ok(())
}

/// The URL of the server that is named, or else of a cluster, which lives until the tests have ended.
fn server() -> Result<(String, Option<Cluster>)> {
    if let Some(named) = env::var_os(URL_VARIABLE) {
        let url = named.into_string().ok().with_context(|| format!("{URL_VARIABLE} is no URL"))?;
        return Ok((url, None));
    }
    let cluster = postgres::start()?;
    Ok((cluster.url(), Some(cluster)))
}
