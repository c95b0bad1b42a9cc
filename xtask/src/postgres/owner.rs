//! Who runs PostgreSQL: it refuses root, so root lends it another user's id.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::commands;

/// Another user's id.
pub(crate) struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// The user to take if we are root, else none.
    pub(crate) fn find() -> Result<Option<Self>> {
        if id(&["-u"])? != 0 {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let (Ok(user), Ok(group)) = (id(&["-u", name]), id(&["-g", name])) {
                return Ok(Some(Self { user, group }));
            }
        }
        bail!("PostgreSQL refuses to run as root, and this machine has no user postgres or nobody")
    }

    /// Gives the folder and what lies in it to this user.
    pub(crate) fn take_over(&self, folder: &Path) -> Result<()> {
        commands::read(
            Command::new("chown")
                .args(["-R", &format!("{}:{}", self.user, self.group)])
                .arg(folder),
        )
        .map(drop)
    }

    /// Lets the command run as this user.
    pub(crate) fn start(&self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

/// Keeps the terminal's Ctrl-C from the command, which has its own way to learn that we are gone.
pub(crate) fn detach(command: &mut Command) {
    command.process_group(0);
}

fn id(arguments: &[&str]) -> Result<u32> {
    let id = commands::read(Command::new("id").args(arguments))?;
    id.trim()
        .parse()
        .with_context(|| format!("`id` wrote {id:?}, which is no number"))
}
