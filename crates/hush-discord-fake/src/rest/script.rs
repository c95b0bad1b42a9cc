//! Answers that a test has written beforehand.

use std::time::Duration;

use fastrand::Rng;
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde_json::json;

use super::{Reply, Rest};
use crate::setup::RestFaults;

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
    /// The end of the connection instead of its answer. The effect comes.
    Cut,
    /// The end of the connection, and no effect.
    CutBefore,
}

/// Faults by chance.
pub(super) struct Chance {
    rng: Rng,
    one_in: u32,
}

impl Chance {
    pub(super) fn new(faults: RestFaults) -> Self {
        Self {
            rng: Rng::with_seed(faults.seed),
            one_in: faults.one_in,
        }
    }

    fn fault(&mut self) -> Option<Scripted> {
        if self.one_in == 0 || self.rng.u32(..self.one_in) != 0 {
            return None;
        }
        let kind = self.rng.u8(..5);
        Some(match kind {
            0 | 1 => Scripted::RateLimited {
                retry_after: Duration::from_millis(self.rng.u64(1..100)),
                global: kind == 0,
            },
            2 => Scripted::Fails(502),
            3 => Scripted::Cut,
            _ => Scripted::CutBefore,
        })
    }
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
            .find(|line| line.left > 0 && path.starts_with(&line.prefix));
        if let Some(line) = line {
            line.left -= 1;
            return Some(line.scripted);
        }
        let may_fail = path.starts_with("/guilds/") || path.starts_with("/channels/");
        self.chance.as_mut().filter(|_| may_fail)?.fault()
    }
}

impl Scripted {
    /// The answer of a request without an effect, if there is one.
    pub(super) fn reply(self) -> Option<Reply> {
        match self {
            Self::RateLimited {
                retry_after,
                global,
            } => Some(limited(retry_after, global)),
            Self::Fails(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                Some(Reply::error(status, 0, "scripted"))
            }
            Self::Delay(_) | Self::Cut | Self::CutBefore => None,
        }
    }
}

pub(super) fn limited(retry_after: Duration, global: bool) -> Reply {
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
