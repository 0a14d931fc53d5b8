use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// Who the service is in the image.
const USER: u32 = 65532;

/// Enters a root as a container does: it is read-only but for the data, has `/dev` and `/proc`, and the user has no
/// rights. The process that does this becomes the service.
const ENTER: &str = r#"
    set -eu
    root=$1 user=$2
    shift 2
    mount --bind "$root" "$root"
    mount --bind "$root/chats/data" "$root/chats/data"
    mount -o remount,ro,bind "$root"
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    exec unshare --root "$root" --wd /chats --setgid "$user" --setuid "$user" -- /usr/bin/chats "$@"
"#;

/// The service in a root of its own.
pub(crate) struct Contained {
    root: PathBuf,
}

impl Contained {
    /// Adds to a root what a container's runtime adds.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        for folder in ["dev", "proc"] {
            fs::create_dir_all(root.join(folder))?;
        }
        fs::write(root.join("etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n")?;
        let contained = Self { root: root.to_owned() };
        give_to_user(&contained.data())?;
        Ok(contained)
    }

    /// The only folder that the service may write to.
    fn data(&self) -> PathBuf {
        self.root.join("chats/data")
    }

    /// A file that the service alone may read. It is named as the service names it.
    pub(crate) fn write(&self, name: &str, content: &str) -> Result<()> {
        let file = self.data().join(name);
        fs::write(&file, content)?;
        fs::set_permissions(&file, Permissions::from_mode(0o400))?;
        give_to_user(&file)
    }

    /// The certificates that are trusted where no others are named.
    pub(crate) fn roots(&self) -> PathBuf {
        self.root.join("etc/ssl/certs/ca-certificates.crt")
    }

    /// Runs a command of the service to its end.
    pub(crate) fn run(&self, settings: &[(&str, &str)], args: &[&str]) -> Result<Output> {
        self.command(settings, args).output().context("cannot run unshare")
    }

    /// What a command of the service prints, if it does well.
    pub(crate) fn printed(&self, settings: &[(&str, &str)], args: &[&str]) -> Result<String> {
        let output = self.run(settings, args)?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            bail!("'chats {}' failed:\n{printed}{complaint}", args.join(" "));
        }
        Ok(printed)
    }

    /// Starts the service, and returns when it serves.
    pub(crate) fn serve(&self, settings: &[(&str, &str)]) -> Result<Serving> {
        let mut command = self.command(settings, &["serve"]);
        let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run unshare")?;
        let stdout = child.stdout.take().map(BufReader::new).context("it has no output")?;
        let mut serving = Serving { child, stdout };
        let mut line = String::new();
        while !line.contains(" is ready at ") {
            line.clear();
            if serving.stdout.read_line(&mut line)? == 0 {
                bail!("the service ended before it was ready");
            }
        }
        Ok(serving)
    }

    fn command(&self, settings: &[(&str, &str)], args: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", ENTER, "sh"]).arg(&self.root).arg(USER.to_string());
        // As the Dockerfile has it: no variable of this machine, and the working directory.
        command.args(args).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("SQLITE_TMPDIR", "/chats/data").envs(settings.iter().copied());
        command
    }
}

/// A running service, killed when this is dropped.
pub(crate) struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Serving {
    /// Ends it as a runtime does, and sees that it ends well.
    pub(crate) fn stop(mut self) -> Result<()> {
        let number = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &number]).status().context("cannot run kill")?;
        // Else it might wait for somebody to read.
        self.stdout.read_to_end(&mut Vec::new())?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the service did not end well: {status}");
        }
        Ok(())
    }

    /// What it has in memory, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).context("the kernel does not tell VmRSS")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn give_to_user(path: &Path) -> Result<()> {
    chown(path, Some(USER), Some(USER))
        .context("to be another user, as the service is in its image, takes root")
}
