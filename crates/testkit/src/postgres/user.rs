use std::os::unix::process::CommandExt;
use std::process::Command;

/// Who runs a server that does not run as root.
#[derive(Debug, Clone, Copy)]
pub(super) struct User {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// There is nobody to run it as.
#[derive(Debug, thiserror::Error)]
#[error("it does not run as root, and there is neither a user postgres nor a nobody")]
pub struct NoUser;

/// Somebody else, if we are root.
pub(super) fn user_to_run_as() -> Result<Option<User>, NoUser> {
    if id(&["-u"]) != Some(0) {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| Some(User { uid: id(&["-u", name])?, gid: id(&["-g", name])? }))
        .map(Some)
        .ok_or(NoUser)
}

/// Has a program run as somebody else.
pub(super) fn run_as(command: &mut Command, user: Option<User>) {
    if let Some(User { uid, gid }) = user {
        command.uid(uid).gid(gid);
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
