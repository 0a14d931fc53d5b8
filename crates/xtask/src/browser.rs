//! A browser, and what drives it, for the test of the page to try the API from.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::packages::{self, Manager};

/// Installs Chromium and its driver where there is no driver. Without one the test says that it did not run.
pub(crate) fn provide() {
    if packages::exists("chromedriver") {
        return;
    }
    if let Err(error) = install() {
        #[expect(
            clippy::print_stderr,
            reason = "this is where a developer sees what is not tested"
        )]
        {
            eprintln!("warning: there is no browser for the test of the page: {error:#}");
        }
    }
}

/// Runs the test of the page, and has it take a picture of the page for the docs.
pub(crate) fn screenshot() -> Result<()> {
    provide();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images/swagger-ui.png");
    let mut test = Command::new(env!("CARGO"));
    test.args(["test", "--package", "chats", "--test", "black_box", "browser::"]);
    if !test.env("SCREENSHOT", file).status().context("cannot start cargo")?.success() {
        bail!("the test of the page failed");
    }
    Ok(())
}

/// The driver brings the browser of its version.
fn install() -> Result<()> {
    packages::install("chromedriver", |manager| match manager {
        Manager::Apt => "chromium-driver",
        Manager::Dnf | Manager::Homebrew => "chromedriver",
    })
}
