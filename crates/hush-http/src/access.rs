//! The access log: which requests get a line, and what stands in it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;

use crate::settings::AccessLog;
use crate::trail::Trail;

/// A request that takes longer is slow.
const SLOW: Duration = Duration::from_secs(1);
/// How many lines errors get in a second: a flood of refusals shall not become a flood of lines, which cost more
/// than the refusals. The metrics count them all.
const LINES_PER_SECOND: u32 = 100;

/// Decides which requests get a line.
pub(crate) struct AccessLines {
    mode: AccessLog,
    began: Instant,
    second: AtomicU64,
    lines: AtomicU32,
}

impl AccessLines {
    pub(crate) fn new(mode: AccessLog) -> Self {
        Self {
            mode,
            began: Instant::now(),
            second: AtomicU64::new(0),
            lines: AtomicU32::new(0),
        }
    }

    /// Whether a request that was answered like this gets a line.
    pub(crate) fn wants(&self, status: StatusCode, started: Instant, took: Duration) -> bool {
        match self.mode {
            AccessLog::All => true,
            AccessLog::Off => false,
            AccessLog::Errors => {
                (status.as_u16() >= 400 || took > SLOW) && self.has_room(started + took)
            }
        }
    }

    /// Whether one more line fits into this second. Says once how many did not fit into an earlier one.
    fn has_room(&self, now: Instant) -> bool {
        let second = now.saturating_duration_since(self.began).as_secs();
        if self.second.load(Ordering::Relaxed) != second
            && self.second.swap(second, Ordering::Relaxed) != second
        {
            let left_out = self
                .lines
                .swap(0, Ordering::Relaxed)
                .saturating_sub(LINES_PER_SECOND);
            if left_out > 0 {
                tracing::info!(target: "hush::access", left_out, "requests without a line");
            }
        }
        self.lines.fetch_add(1, Ordering::Relaxed) < LINES_PER_SECOND
    }
}

/// Writes the line of a request.
pub(crate) fn log(trail: &Trail, method: &Method, route: &str, status: StatusCode, took: Duration) {
    tracing::info!(
        target: "hush::access",
        method = method.as_str(),
        route,
        status = status.as_u16(),
        latency_ms = took.as_secs_f64() * 1e3,
        request_id = trail.request_id(),
        server_id = trail.server.get().map(|id| id.get()),
        token_id = trail.token.get().map(|id| id.get()),
        "request"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn errors_get_a_hundred_lines_a_second() {
        let lines = AccessLines::new(AccessLog::Errors);
        let wanted = |status: u16, count: usize| {
            let status = StatusCode::from_u16(status).unwrap();
            (0..count)
                .filter(|_| lines.wants(status, Instant::now(), Duration::ZERO))
                .count()
        };
        assert_eq!(wanted(200, 500), 0);
        assert_eq!(wanted(404, 500), 100);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(wanted(503, 30), 30);
        let took = |took| lines.wants(StatusCode::OK, Instant::now(), took);
        assert!(took(SLOW + Duration::from_millis(1)));
        assert!(!took(SLOW));
    }
}
