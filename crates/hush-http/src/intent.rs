//! What headers say of a change: why it is made, and that it is made once.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};
use hush_domain::audit::Reason;
use hush_domain::idempotency::{Fingerprint, IdempotencyKey};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use crate::expected::{KEY, REASON};
use crate::problem::Problem;

const REASON_HEADER: &str = "X-Audit-Log-Reason";
const KEY_HEADER: &str = "Idempotency-Key";
/// Marks the answer to a request that had been carried out before.
pub(crate) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The reason that the client gives, if it gives one.
pub(crate) fn reason(headers: &HeaderMap) -> Result<Option<Reason>, Problem> {
    read(headers, REASON_HEADER, REASON, |text| {
        // A sign that begins no byte would be taken for itself, and "50%20" for something else than it says.
        let mut encoded = text.split('%').skip(1).map(str::as_bytes);
        let whole =
            encoded.all(|rest| rest.len() >= 2 && rest.iter().take(2).all(u8::is_ascii_hexdigit));
        let text = percent_decode_str(text).decode_utf8().ok()?;
        text.parse().ok().filter(|_| whole)
    })
}

/// What the client calls the request, if it may be sent again: bare, or as a string of RFC 8941 §3.3.3.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    read(headers, KEY_HEADER, KEY, |text| {
        unquoted(text)?.parse().ok()
    })
}

/// The digest of what a request asks for. Neither a method nor a path holds the byte that ends it here.
pub(crate) fn fingerprint(method: &str, path: &str, body: &[u8]) -> Fingerprint {
    let mut digest = Sha256::new();
    for part in [method, path] {
        digest.update(part);
        digest.update([0]);
    }
    digest.update(body);
    digest.finalize().into()
}

/// The value of a header that stands there once at most.
fn read<T>(
    headers: &HeaderMap,
    name: &'static str,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let once = values.next().is_none();
    let value = Some(value)
        .filter(|_| once)
        .map(HeaderValue::to_str)
        .and_then(Result::ok)
        .and_then(parse);
    value
        .map(Some)
        .ok_or_else(|| Problem::parameter(name, expected))
}

/// The text without its quotes, if it begins with one: then only `\"` and `\\` are escapes.
fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = text.strip_prefix('"') else {
        return Some(text.into());
    };
    let quoted = rest.strip_suffix('"')?;
    let mut plain = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => plain.push(
                characters
                    .next()
                    .filter(|next| matches!(next, '"' | '\\'))?,
            ),
            other => plain.push(other),
        }
    }
    Some(plain.into())
}
