//! Logs: events on the standard error output, written by a thread of their own.

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};
use crate::failure::Failure;

/// The running log. What is still to be written is written when this is dropped.
pub struct Logs {
    _writer: WorkerGuard,
    lost: ErrorCounter,
}

impl Logs {
    /// Counts the lines that were thrown away because the output did not take them: logging never waits.
    pub fn lost(&self) -> ErrorCounter {
        self.lost.clone()
    }
}

/// Starts logging for the whole process, panics included.
pub fn start(settings: &LogSettings) -> Result<Logs, Failure> {
    let terminal = io::stderr().is_terminal();
    let (writer, guard) = NonBlockingBuilder::default()
        .thread_name("hush-log")
        .finish(io::stderr());
    let lost = writer.error_counter();
    let filter = EnvFilter::try_new(&settings.filter).map_err(Failure::usage)?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    let format = settings.format.unwrap_or(if terminal {
        LogFormat::Text
    } else {
        LogFormat::Json
    });
    match format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text if terminal => log.try_init(),
        LogFormat::Text => log.with_ansi(false).try_init(),
    }
    .map_err(|error| Failure::operation(format_args!("cannot start logging: {error}")))?;
    panic::set_hook(Box::new(log_panic));
    Ok(Logs {
        _writer: guard,
        lost,
    })
}

/// Logs a panic in place of Rust's own report, so that it is there once and in the log's format.
pub fn log_panic(panic: &PanicHookInfo<'_>) {
    let reason = panic.payload_as_str().unwrap_or("no reason given");
    let place = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(
        place = place.as_deref(),
        thread = thread.name(),
        "panicked: {reason}"
    );
}
