//! What an answer says of Discord's limits.
//!
//! Source: "Rate Limits" in Discord's developer documentation.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::time::Instant;
use twilight_http_ratelimiting::RateLimitHeaders;

/// How long to stay away if a 429 does not say it.
const AWAY: Duration = Duration::from_secs(5);

/// What is left of the limit of this kind of request in this server or channel. `None` if the answer does not say, or if
/// it is about the limit of all requests together.
pub(super) fn left(status: StatusCode, headers: &HeaderMap) -> Option<RateLimitHeaders> {
    let bucket = headers.get(RateLimitHeaders::BUCKET)?.as_bytes().to_vec();
    let limit = read(headers, RateLimitHeaders::LIMIT)?;
    let (remaining, reset_after) = if status == StatusCode::TOO_MANY_REQUESTS {
        match headers
            .get(RateLimitHeaders::SCOPE)
            .map(HeaderValue::as_bytes)
        {
            Some(b"user" | b"shared") => (0, away(headers)),
            _ => return None,
        }
    } else {
        let reset_after = read(headers, RateLimitHeaders::RESET_AFTER)?;
        let reset_after = Duration::try_from_secs_f64(reset_after).ok()?;
        (read(headers, RateLimitHeaders::REMAINING)?, reset_after)
    };
    Some(RateLimitHeaders {
        bucket,
        limit,
        remaining,
        reset_at: (Instant::now() + reset_after).into_std(),
    })
}

/// For how long a 429 wants the bot to stay away.
pub(super) fn away(headers: &HeaderMap) -> Duration {
    // The first has fractions of seconds, the second is there in any case.
    let seconds = read(headers, RateLimitHeaders::RESET_AFTER)
        .or_else(|| read(headers, RETRY_AFTER.as_str()));
    let away = seconds.and_then(|it| Duration::try_from_secs_f64(it).ok());
    away.unwrap_or(AWAY)
}

fn read<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}
