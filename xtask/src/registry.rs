//! Asking a registry of packages, which may be out of reach for a moment through no fault of the change.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::commands;

/// How long to wait before it is asked again.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(15)];

/// Asks the registry for `what`, three times at most.
pub(crate) fn ask(registry: &str, what: &str, request: impl FnMut() -> Result<()>) -> Result<()> {
    ask_with(&PAUSES, request).with_context(|| {
        format!(
            "{registry} failed {} times to give {what}: it was the registry and not the change, unless the lines above name a \
             pin or a lock file that is wrong. Is it reachable from here?",
            PAUSES.len() + 1
        )
    })
}

fn ask_with(pauses: &[Duration], mut request: impl FnMut() -> Result<()>) -> Result<()> {
    for pause in pauses {
        match request() {
            Ok(()) => return Ok(()),
            Err(error) => {
                commands::say(format_args!(
                    "{error:#}; once more in {} s",
                    pause.as_secs()
                ));
                thread::sleep(*pause);
            }
        }
    }
    request()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_registry_is_asked_until_it_answers_and_three_times_at_most() {
        for (failures, asked, answered) in [(0, 1, true), (2, 3, true), (9, 3, false)] {
            let mut times = 0;
            let answer = ask_with(&[Duration::ZERO; 2], || {
                times += 1;
                if times <= failures {
                    bail!("away");
                }
                Ok(())
            });
            assert_eq!((times, answer.is_ok()), (asked, answered));
        }
    }
}
