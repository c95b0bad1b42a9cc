//! Why a command ended without doing what it was asked.

use std::fmt::{self, Display};

use hush_ports::BackendError;

/// A command ended without doing what it was asked. Shown as one line that says the cause and the cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    exit_code: u8,
    line: String,
}

impl Failure {
    /// The command was asked or configured wrongly: exit code 2.
    pub fn usage(cause_and_cure: impl Display) -> Self {
        Self::new(2, cause_and_cure)
    }

    /// The command was understood and failed: exit code 1.
    pub fn operation(cause_and_cure: impl Display) -> Self {
        Self::new(1, cause_and_cure)
    }

    fn new(exit_code: u8, cause_and_cure: impl Display) -> Self {
        Self {
            exit_code,
            line: one_line(&cause_and_cure.to_string()),
        }
    }

    /// The process's exit code, 1 or 2.
    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl std::error::Error for Failure {}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        let cure = if error.is_transient() {
            "check that the database runs, that its address is right and that its disk has room"
        } else {
            "check that the database is one of Hush and that `hush-server migrate` has run"
        };
        Self::operation(format_args!("{error}; {cure}"))
    }
}

impl From<hush_app::Failure> for Failure {
    fn from(failure: hush_app::Failure) -> Self {
        match failure {
            hush_app::Failure::Unavailable(error) | hush_app::Failure::Internal(error) => {
                error.into()
            }
        }
    }
}

/// Folds line breaks and other control characters, which a quoted file or database may bring along, so that
/// one failure is one line and cannot steer a terminal.
fn one_line(text: &str) -> String {
    let visible = text.replace(char::is_control, " ");
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}
