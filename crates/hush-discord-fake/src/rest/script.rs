//! Answers that a test has written beforehand.

use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use serde_json::json;

use super::{Reply, Rest};

/// What a request gets instead of its answer.
#[derive(Clone, Copy, Debug)]
pub enum Scripted {
    /// A 429.
    RateLimited {
        /// For how long to stay away.
        retry_after: Duration,
        /// Whether it is the limit of all requests together.
        global: bool,
    },
    /// An error with this status, such as 502, and no effect.
    Fails(u16),
    /// Its answer, after a while. The effect comes at once.
    Delay(Duration),
}

/// What the next requests for a path get.
pub(super) struct Line {
    prefix: String,
    left: usize,
    scripted: Scripted,
}

impl Rest {
    pub(crate) fn script(&mut self, prefix: &str, requests: usize, scripted: Scripted) {
        self.script.push(Line {
            prefix: prefix.to_owned(),
            left: requests,
            scripted,
        });
    }

    pub(super) fn next_scripted(&mut self, path: &str) -> Option<Scripted> {
        let path = path.strip_prefix("/api/v10").unwrap_or(path);
        let line = self
            .script
            .iter_mut()
            .find(|line| line.left > 0 && path.starts_with(&line.prefix))?;
        line.left -= 1;
        Some(line.scripted)
    }
}

impl Scripted {
    /// The answer in which the request has no effect.
    pub(super) fn reply(self) -> Reply {
        match self {
            Self::RateLimited {
                retry_after,
                global,
            } => limited(retry_after, global),
            Self::Fails(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                Reply::error(status, 0, "scripted")
            }
            Self::Delay(_) => Reply::nothing(),
        }
    }
}

fn limited(retry_after: Duration, global: bool) -> Reply {
    let mut reply = Reply::of(
        StatusCode::TOO_MANY_REQUESTS,
        json!({
            "message": "You are being rate limited.",
            "retry_after": retry_after.as_secs_f64(),
            "global": global,
        }),
    );
    // The header has whole seconds, the body fractions.
    let seconds = retry_after.as_millis().div_ceil(1000).to_string();
    reply.headers.push((RETRY_AFTER, seconds));
    let exact = format!("{:.3}", retry_after.as_secs_f64());
    let more: &[(&str, &str)] = if global {
        &[
            ("x-ratelimit-global", "true"),
            ("x-ratelimit-scope", "global"),
        ]
    } else {
        &[
            ("x-ratelimit-scope", "user"),
            ("x-ratelimit-bucket", "abcd1234"),
            ("x-ratelimit-limit", "5"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset-after", &exact),
        ]
    };
    for (name, value) in more {
        reply
            .headers
            .extend(name.parse().ok().map(|name| (name, (*value).to_owned())));
    }
    reply
}
