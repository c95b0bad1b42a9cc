//! How the tasks run other programs: always from the workspace's root, and with an error that names the command.

use std::fmt::Display;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// The program `name`, to be run at the workspace's root.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(workspace::root());
    command
}

/// Cargo, as a developer would start it.
pub(crate) fn cargo() -> Command {
    let mut command = program("cargo");
    for name in workspace::added_by_cargo_run() {
        command.env_remove(name);
    }
    command
}

/// Runs the command in the developer's sight.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    say(format_args!("$ {}", line(command)));
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line(command));
    }
    Ok(())
}

/// Runs the command out of sight and gives what it wrote to its standard output.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` failed: {}\n{}",
            line(command),
            output.status,
            why.trim_end()
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` wrote no UTF-8", line(command)))
}

/// Whether the command is there and succeeds.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Tells the developer something.
#[expect(
    clippy::print_stderr,
    reason = "these tasks speak to a developer at a terminal"
)]
pub(crate) fn say(what: impl Display) {
    eprintln!("{what}");
}

/// The 20 of `v20.20.2`, as Node.js says it.
pub(crate) fn major_version(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", command.get_program().display())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| match word.to_string_lossy() {
        // The address of a database holds a password.
        word if word.contains("://") => "…".into(),
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(major_version("v20.20.2\n"), Some(20));
        assert_eq!(major_version("20"), None);
    }
}
