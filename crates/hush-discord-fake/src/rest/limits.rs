//! The limits of requests to servers and channels.

use std::time::Duration;

use http::Method;
use http::header::HeaderName;
use tokio::time::Instant;

use super::{Reply, now, script};
use crate::state::State;

/// Half of the smallest part of a second that is shown.
const ALMOST: Duration = Duration::from_micros(500);

/// What is left of a window.
pub(super) struct Window {
    left: u32,
    ends: Instant,
}

impl State {
    /// Counts a request, and gives back the headers for its answer; an error is the answer.
    pub(super) fn spend(
        &mut self,
        method: &Method,
        segments: &[&str],
    ) -> Result<Vec<(HeaderName, String)>, Reply> {
        let ([kind @ ("guilds" | "channels"), place, below @ ..], Some(limit)) =
            (segments, self.setup.rest_limits)
        else {
            return Ok(Vec::new());
        };
        let bucket = format!("{method}-{kind}-{}", without_ids(below));
        let here = Instant::now();
        let fresh = || Window {
            left: limit.requests,
            ends: here + limit.per,
        };
        let key = (bucket.clone(), (*place).to_owned());
        let window = self.rest.windows.entry(key).or_insert_with(fresh);
        if window.ends <= here {
            *window = fresh();
        }
        let spent = window.left.checked_sub(1);
        window.left = spent.unwrap_or_default();
        let wait = window.ends.duration_since(here);
        let reset = (now() + wait).unix_timestamp_nanos() / 1_000_000;
        let headers = [
            ("x-ratelimit-bucket", bucket),
            ("x-ratelimit-limit", limit.requests.to_string()),
            ("x-ratelimit-remaining", window.left.to_string()),
            (
                "x-ratelimit-reset",
                format!("{}.{:03}", reset / 1000, reset % 1000),
            ),
            (
                "x-ratelimit-reset-after",
                // Rounded up, so that who waits so long is admitted.
                format!("{:.3}", (wait + ALMOST).as_secs_f64()),
            ),
        ];
        let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value));
        if spent.is_some() {
            return Ok(headers.into());
        }
        let mut reply = script::limited(wait, false);
        // These stand in the place of those that a limit without a bucket has.
        reply
            .headers
            .retain(|(name, _)| headers.iter().all(|(it, _)| it != name));
        reply.headers.extend(headers);
        Err(reply)
    }
}

/// What is below a server or channel is one kind of request, whomever it is about.
fn without_ids(segments: &[&str]) -> String {
    let is_id = |it: &str| it.parse::<u64>().is_ok();
    let kinds = segments.iter().map(|it| if is_id(it) { "id" } else { it });
    kinds.collect::<Vec<_>>().join("-")
}
