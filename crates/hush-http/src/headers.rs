//! The headers that every answer carries.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use hush_app::Quota;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const X_RATELIMIT_RESET_AFTER: HeaderName = HeaderName::from_static("x-ratelimit-reset-after");
const X_RATELIMIT_BUCKET: HeaderName = HeaderName::from_static("x-ratelimit-bucket");

/// What a script in a browser may read beside the headers that it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Cache-Control, Content-Length, ETag, Last-Modified, Link, Location, RateLimit, RateLimit-Policy, \
     Retry-After, WWW-Authenticate, X-RateLimit-Bucket, X-RateLimit-Limit, X-RateLimit-Remaining, \
     X-RateLimit-Reset, X-RateLimit-Reset-After, X-Request-Id, Deprecation, Sunset, Allow",
);

/// How many headers an answer has at most, so that its map never grows on the way.
pub(crate) const ROOM: usize = 24;

/// What every answer carries, whatever it says.
pub(crate) fn common(headers: &mut HeaderMap, request_id: &HeaderValue) {
    headers.reserve(ROOM.saturating_sub(headers.len()));
    headers.insert(X_REQUEST_ID, request_id.clone());
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

/// The answer to a browser that asks whether it may ask.
pub(crate) fn preflight(headers: &mut HeaderMap) {
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PATCH, DELETE"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "Authorization, Content-Type, If-None-Match, Idempotency-Key, X-Audit-Log-Reason, X-Request-Id",
        ),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("86400"),
    );
}

/// What is left of the limit, as the current draft says it and as chat-bot developers know it.
pub(crate) fn quota(headers: &mut HeaderMap, quota: &Quota) {
    let policy = quota.bucket.policy().as_str();
    let limit = quota.rule.requests();
    let window = quota.rule.window().as_secs();
    let (remaining, seconds) = (quota.remaining, quota.more_in_seconds);
    headers.insert(
        RATELIMIT_POLICY,
        text(format!("\"{policy}\";q={limit};w={window}")),
    );
    headers.insert(
        RATELIMIT,
        text(format!("\"{policy}\";r={remaining};t={seconds}")),
    );
    headers.insert(X_RATELIMIT_LIMIT, HeaderValue::from(limit));
    headers.insert(X_RATELIMIT_REMAINING, HeaderValue::from(remaining));
    headers.insert(X_RATELIMIT_RESET, HeaderValue::from(quota.reset_at));
    headers.insert(X_RATELIMIT_RESET_AFTER, HeaderValue::from(seconds));
    headers.insert(X_RATELIMIT_BUCKET, text(quota.bucket.to_string()));
}

/// A value of our own making: visible ASCII, so that it always is one.
pub(crate) fn text(value: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(value)).unwrap_or(HeaderValue::from_static(""))
}
