//! A server under load: its own process, on its own core, and what the system says about it.

use std::fs::{self, OpenOptions};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

/// How long a server may take until it listens: one that imports its data first needs a while.
const PATIENCE: Duration = Duration::from_secs(120);
/// Linux counts the time of processes in hundredths of a second, whatever its kernel's own clock.
const TICKS_PER_SECOND: u32 = 100;

/// A running server; it ends with this value.
pub(super) struct Process {
    child: Child,
    address: SocketAddr,
    log: NamedTempFile,
}

/// A loopback address that nobody listened on a moment ago.
pub(super) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no loopback port is free")?;
    Ok(listener.local_addr()?)
}

/// The program, on this core alone if one is named. It ends with us, also if we are killed: the kernel sees to that.
pub(super) fn on_core(core: Option<usize>, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(core) = core {
        command.args(["taskset", "--cpu-list", &core.to_string()]);
    }
    command.arg(program);
    command
}

impl Process {
    /// Starts a server and waits until it listens.
    pub(super) fn start(command: &mut Command, address: SocketAddr) -> Result<Self> {
        let log = NamedTempFile::new()?;
        // Written at its end by whoever writes, so that it can be emptied meanwhile.
        let written = OpenOptions::new().append(true).open(log.path())?;
        command
            .stdin(Stdio::null())
            .stdout(written.try_clone()?)
            .stderr(written);
        let child = command.spawn().context("cannot start the server")?;
        let mut process = Self {
            child,
            address,
            log,
        };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = process.child.try_wait()? {
                let said = fs::read_to_string(process.log.path())?;
                bail!("the server ended before it listened: {status}\n{said}");
            }
            if start.elapsed() > PATIENCE {
                bail!("the server does not listen on {address}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(process)
    }

    /// Throws away what it logged until now, lest a fast server fills the disk.
    pub(super) fn empty_log(&self) -> Result<()> {
        self.log
            .as_file()
            .set_len(0)
            .context("cannot empty the log")
    }

    /// What it logged.
    pub(super) fn log(&self) -> Result<String> {
        fs::read_to_string(self.log.path()).context("cannot read the log")
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long it ran until now, in user and system mode, in all threads.
    pub(super) fn processor_time(&self) -> Result<Duration> {
        let text = self.told("stat")?;
        let ticks = ticks(&text).with_context(|| format!("/proc wrote {text:?}"))?;
        Ok(Duration::from_secs(ticks) / TICKS_PER_SECOND)
    }

    /// The memory that it holds now, in kibibytes.
    pub(super) fn resident_memory(&self) -> Result<u64> {
        self.memory("VmRSS:")
    }

    /// The most memory that it has held so far, in kibibytes.
    pub(super) fn peak_memory(&self) -> Result<u64> {
        self.memory("VmHWM:")
    }

    fn memory(&self, which: &str) -> Result<u64> {
        let text = self.told("status")?;
        let line = text.lines().find_map(|line| line.strip_prefix(which));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let number = number.with_context(|| format!("/proc tells no {which}"))?;
        Ok(number.parse()?)
    }

    fn told(&self, file: &str) -> Result<String> {
        let file = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time: the 14th and 15th field. The second is the program's name in brackets, and may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut field = || fields.next()?.parse::<u64>().ok();
    Some(field()? + field()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_program_does_not_confuse() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("7 (a)"), None);
    }
}
