//! The headers that every answer carries.

use std::fmt::Write as _;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use hush_app::Quota;
use hush_domain::limits::Bucket;
use hush_domain::time::Timestamp;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const HUSH_TOKEN_EXPIRES: HeaderName = HeaderName::from_static("hush-token-expires");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const X_RATELIMIT_RESET_AFTER: HeaderName = HeaderName::from_static("x-ratelimit-reset-after");
const X_RATELIMIT_BUCKET: HeaderName = HeaderName::from_static("x-ratelimit-bucket");

/// What a script in a browser may read beside the headers that it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Cache-Control, Content-Length, ETag, Hush-Token-Expires, Idempotent-Replayed, Last-Modified, Link, \
     Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-RateLimit-Bucket, X-RateLimit-Limit, X-RateLimit-Remaining, \
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
    let mut value = Values::new();
    value.text("\"").text(policy).text("\";q=").number(limit);
    headers.insert(RATELIMIT_POLICY, value.text(";w=").number(window).end());
    value
        .text("\"")
        .text(policy)
        .text("\";r=")
        .number(remaining);
    headers.insert(RATELIMIT, value.text(";t=").number(seconds).end());
    headers.insert(X_RATELIMIT_LIMIT, value.number(limit).end());
    headers.insert(X_RATELIMIT_REMAINING, value.number(remaining).end());
    headers.insert(X_RATELIMIT_RESET, value.number(quota.reset_at).end());
    headers.insert(X_RATELIMIT_RESET_AFTER, value.number(seconds).end());
    headers.insert(X_RATELIMIT_BUCKET, value.bucket(quota.bucket).end());
}

/// When the token ends, because that is near.
pub(crate) fn ending(headers: &mut HeaderMap, end: Timestamp) {
    headers.insert(HUSH_TOKEN_EXPIRES, text(end.to_string()));
}

/// Header values that are written one after the other into one piece of memory: a string for each, and the
/// formatting machinery for each number, cost more than the rest of an answer's headers.
struct Values(BytesMut);

impl Values {
    fn new() -> Self {
        Self(BytesMut::with_capacity(160))
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn number(&mut self, number: impl itoa::Integer) -> &mut Self {
        self.text(itoa::Buffer::new().format(number))
    }

    fn bucket(&mut self, bucket: Bucket) -> &mut Self {
        // Writing into memory cannot fail.
        let _ = write!(self.0, "{bucket}");
        self
    }

    /// What was written since the last end.
    fn end(&mut self) -> HeaderValue {
        visible(self.0.split().freeze())
    }
}

/// A value of our own making.
pub(crate) fn text(value: String) -> HeaderValue {
    visible(value.into())
}

/// Visible ASCII always is a value.
fn visible(bytes: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes).unwrap_or(HeaderValue::from_static(""))
}
