//! A program of ours that serves while it is judged: bound in size and time, and gone with the value that stands for it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{commands, workspace};

/// How long anything may take that is waited for.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked at again.
pub(super) const AGAIN: Duration = Duration::from_millis(20);
/// How long a program may live: longer than any judge takes.
const LIFETIME: Duration = Duration::from_mins(20);

/// Runs the program until its standard input closes. That pipe's other end is ours: it closes when we let go, panic, are
/// interrupted or killed, so in no case does a program stay behind. No file that it writes, its log above all, may grow
/// beyond 256 MiB (in blocks of 512 bytes).
const LIFELINE: &str = r#"
ulimit -f 524288
exec 3<&0
"$@" </dev/null 3<&- &
served=$!
{ cat <&3 >/dev/null; kill -KILL "$served"; } 2>/dev/null >/dev/null &
line=$!
wait "$served"
ended=$?
kill "$line" 2>/dev/null
exit "$ended"
"#;

/// A running program.
pub(super) struct Process {
    name: &'static str,
    shell: Child,
    stdout: BufReader<ChildStdout>,
    log: PathBuf,
    lifeline: Option<(Sender<()>, JoinHandle<()>)>,
}

/// The program without any settings of the developer who judges.
pub(super) fn program(file: &Path) -> Command {
    let mut command = commands::program(&file.to_string_lossy());
    for name in workspace::settings_of_the_service() {
        command.env_remove(name);
    }
    command
}

impl Process {
    /// Starts a program. What it logs is in a file of this name under `target/`.
    pub(super) fn start(name: &'static str, program: &Command) -> Result<Self> {
        let log = workspace::kept("contract")?.join(format!("{name}.log"));
        let written =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut shell = on_a_lifeline(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(written)
            .spawn()
            .context("cannot start `sh`")?;
        let (Some(stdin), Some(stdout)) = (shell.stdin.take(), shell.stdout.take()) else {
            bail!("a shell was started without the pipes that were asked for");
        };
        Ok(Self {
            name,
            shell,
            stdout: BufReader::new(stdout),
            log,
            lifeline: Some(hold(stdin)),
        })
    }

    /// What it prints, up to and including the first line that starts like this.
    pub(super) fn printed_until(&mut self, start: &str) -> Result<String> {
        let mut printed = String::new();
        loop {
            let line = printed.len();
            // It cannot be waited for without end: the program does not live for ever.
            let read = self.stdout.read_line(&mut printed)?;
            ensure!(read > 0, "{} ended: {}", self.name, self.said()?);
            if printed[line..].starts_with(start) {
                return Ok(printed);
            }
        }
    }

    /// The address in the line of its log that says where it serves.
    pub(super) fn serving(&mut self) -> Result<String> {
        let start = Instant::now();
        loop {
            if let Some(address) = address_in(&self.said()?) {
                return Ok(format!("http://{address}"));
            }
            if let Some(status) = self.shell.try_wait()? {
                bail!(
                    "{} ended before it served: {status}\n{}",
                    self.name,
                    self.said()?
                );
            }
            ensure!(
                start.elapsed() < PATIENCE,
                "{} does not serve after {} s; what it logged is in {}",
                self.name,
                PATIENCE.as_secs(),
                self.log.display()
            );
            thread::sleep(AGAIN);
        }
    }

    /// Where it logs.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    fn said(&self) -> Result<String> {
        let log =
            fs::read(&self.log).with_context(|| format!("cannot read {}", self.log.display()))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some((let_go, holder)) = self.lifeline.take() {
            drop(let_go);
            // It can only have ended.
            let _ = holder.join();
        }
        if let Err(error) = self.shell.wait() {
            commands::say(format_args!("{} may still run: {error}", self.name));
        }
    }
}

/// The same program, run by what ends it.
fn on_a_lifeline(program: &Command) -> Command {
    let mut shell = commands::program("sh");
    shell.args(["-c", LIFELINE, "lifeline"]);
    shell.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Holds the pipe open until the sender is dropped, or a lifetime is over.
fn hold(pipe: ChildStdin) -> (Sender<()>, JoinHandle<()>) {
    let (let_go, held) = mpsc::channel();
    let holder = thread::spawn(move || {
        if held.recv_timeout(LIFETIME) == Err(RecvTimeoutError::Timeout) {
            commands::say("a program is ended that served for longer than any judge takes");
        }
        drop(pipe);
    });
    (let_go, holder)
}

/// The address that the service logs once it serves, in a line of JSON.
fn address_in(log: &str) -> Option<String> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let serving = lines
        .into_iter()
        .find(|line: &Value| line["message"] == "serving")?;
    Some(serving["listen"].as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_among_other_lines() {
        let log = "no JSON\n{\"message\":\"starting\"}\n{\"message\":\"serving\",\"listen\":\"127.0.0.1:1\"}\n{\"mes";
        assert_eq!(address_in(log).as_deref(), Some("127.0.0.1:1"));
        assert_eq!(address_in("{\"message\":\"starting\"}"), None);
    }

    #[test]
    fn a_program_ends_with_its_value() {
        let mut command = program(Path::new("sh"));
        command.args(["-c", "echo $$; exec sleep 600"]);
        let mut process = Process::start("sleep", &command).unwrap();
        let printed = process.printed_until("").unwrap();
        let lives = || {
            let id = printed.trim_end();
            commands::succeeds(commands::program("kill").args(["-0", id]))
        };
        assert!(lives());
        drop(process);
        assert!(!lives());
    }
}
