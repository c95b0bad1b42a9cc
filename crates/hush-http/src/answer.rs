//! A successful answer: its representation, and what a cache may do with it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hush_domain::time::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::documents::File;
use crate::headers::{ROOM, text};
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;

/// A representation on its way to the client.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Bytes,
    headers: HeaderMap,
    /// Its entity tag, where that was made before.
    etag: Option<HeaderValue>,
}

impl Answer {
    /// `value` as JSON, private to its token, to be asked for again each time.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|_| Code::Internal)?;
        Ok(Self::json_text(body))
    }

    /// The same of what is JSON already.
    pub(crate) fn json_text(body: Vec<u8>) -> Self {
        Self::bytes("application/json", body.into())
            .with(header::VARY, HeaderValue::from_static("Authorization"))
    }

    /// A file that is the same for everyone, in the form that this client takes.
    pub(crate) fn file(file: &File, request: &ApiRequest) -> Self {
        let form = file.form(request.headers());
        let mut answer = Self::bytes(file.content_type, form.bytes)
            .with(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(encoding) = form.encoding {
            answer.headers.insert(header::CONTENT_ENCODING, encoding);
        }
        answer.etag = Some(form.etag);
        answer
    }

    fn bytes(content_type: &'static str, body: Bytes) -> Self {
        let mut headers = HeaderMap::with_capacity(ROOM);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        Self {
            body,
            headers,
            etag: None,
        }
    }

    /// Says that it depends on nobody's token.
    pub(crate) fn for_everybody(mut self) -> Self {
        self.headers.remove(header::VARY);
        self
    }

    /// Lets the client reuse the answer for a while without asking.
    pub(crate) fn cacheable(mut self, request: &ApiRequest) -> Self {
        self.headers
            .insert(header::CACHE_CONTROL, request.shared.cache_control.clone());
        self
    }

    /// Says when what it shows last changed.
    pub(crate) fn last_modified(mut self, at: Timestamp) -> Self {
        let since_epoch = u64::try_from(at.unix_seconds()).unwrap_or_default();
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(since_epoch);
        self.headers
            .insert(header::LAST_MODIFIED, text(httpdate::fmt_http_date(time)));
        self
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: http::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The answer to what changed something: whole, for nobody to keep.
    pub(crate) fn once(self, status: StatusCode) -> Response {
        let mut response = done(status);
        let kept = std::mem::replace(response.headers_mut(), self.headers);
        response.headers_mut().extend(kept);
        *response.body_mut() = Body::from(self.body);
        response
    }

    /// The answer to `request`: whole, or 304 if the client says that it has it.
    pub(crate) fn to(self, request: &ApiRequest) -> Response {
        let Self {
            body,
            mut headers,
            etag: made,
        } = self;
        let etag = made.unwrap_or_else(|| etag(&body));
        let known = request
            .headers()
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .any(|value| matches(value.as_bytes(), etag.as_bytes()));
        headers.insert(header::ETAG, etag);
        let mut response = if known {
            headers.remove(header::CONTENT_TYPE);
            headers.remove(header::CONTENT_ENCODING);
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(Body::from(body))
        };
        *response.headers_mut() = headers;
        response
    }
}

/// The answer to what changed something and has nothing to show for it.
pub(crate) fn done(status: StatusCode) -> Response {
    let mut response = status.into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A strong entity tag: 128 bits of the representation's SHA-256.
fn etag(body: &[u8]) -> HeaderValue {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(body);
    let mut tag = Vec::with_capacity(34);
    tag.push(b'"');
    for byte in digest.iter().take(16) {
        tag.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    tag.push(b'"');
    HeaderValue::from_maybe_shared(Bytes::from(tag)).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether an `If-None-Match` value (a list, weak forms, or `*`) names `etag`. Source: RFC 9110 §13.1.2, which
/// asks for the weak comparison.
fn matches(condition: &[u8], etag: &[u8]) -> bool {
    condition.trim_ascii() == b"*"
        || condition.split(|byte| *byte == b',').any(|candidate| {
            let candidate = candidate.trim_ascii();
            candidate.strip_prefix(b"W/").unwrap_or(candidate) == etag
        })
}
