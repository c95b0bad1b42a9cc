//! The binary as a running service.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use super::Hush;

/// On ports that nobody else has.
const ANYWHERE: [&str; 2] = ["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"];

/// A service that answers. It is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    /// Where the API is.
    pub(crate) api: SocketAddr,
    /// Where the metrics are.
    pub(crate) admin: SocketAddr,
    log: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts `serve` or `demo` on free ports with further arguments, and waits until it says where it listens.
    pub(crate) fn start(hush: &Hush, arguments: &[&str]) -> Self {
        Self::spawn(hush.command(&[arguments, &ANYWHERE].concat()))
    }

    /// The same, started by a line of the shell that knows the binary as `$0` and its arguments as `$@`.
    pub(crate) fn start_through(hush: &Hush, shell: &str, arguments: &[&str]) -> Self {
        Self::spawn(hush.command_through(shell, &[arguments, &ANYWHERE].concat()))
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        let serving = loop {
            let start = log.len();
            let read = stderr.read_line(&mut log).unwrap();
            assert_ne!(read, 0, "the service ended: {log}");
            let line: Option<serde_json::Value> = serde_json::from_str(&log[start..]).ok();
            if let Some(line) = line.filter(|line| line["message"] == "serving") {
                break line;
            }
        };
        let address = |name: &str| serving[name].as_str().unwrap().parse().unwrap();
        Self {
            api: address("listen"),
            admin: address("admin"),
            child,
            log: Some(std::thread::spawn(move || {
                stderr.read_to_string(&mut log).unwrap();
                log
            })),
        }
    }

    /// What the service has printed, up to and including the first line that starts like this.
    pub(crate) fn printed_until(&mut self, start: &str) -> String {
        let mut stdout = BufReader::new(self.child.stdout.take().unwrap());
        let mut printed = String::new();
        loop {
            let line = printed.len();
            assert_ne!(stdout.read_line(&mut printed).unwrap(), 0, "{printed}");
            if printed[line..].starts_with(start) {
                return printed;
            }
        }
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Kills the process, at this very moment.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until the service has ended, and returns its log as well.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        (status, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
