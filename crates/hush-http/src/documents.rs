//! What `/docs` and `/openapi*` serve, made at build time (`build.rs`): the committed documents and the page.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use crate::headers::text;

/// Where the catalog of this host's APIs is. Source: RFC 9727 §2.
pub(crate) const CATALOG: &str = "/.well-known/api-catalog";

/// Where the OpenAPI document is in its forms, with their media types: 3.1 first, then 3.0.3.
pub(crate) const DESCRIPTIONS: [(&str, &str); 4] = [
    ("/openapi.json", "application/json"),
    ("/openapi.yaml", "application/yaml"),
    ("/openapi-3.0.json", "application/json"),
    ("/openapi-3.0.yaml", "application/yaml"),
];

/// A file in the forms in which it can be sent.
pub(crate) struct File {
    /// Its path, without the slash at the start.
    path: &'static str,
    pub(crate) content_type: &'static str,
    /// What its entity tags start with.
    tag: &'static str,
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A file in the form that was chosen for a client.
pub(crate) struct Form {
    pub(crate) bytes: Bytes,
    /// What it is compressed with, if it is.
    pub(crate) encoding: Option<HeaderValue>,
    /// A strong entity tag: each form has its own.
    pub(crate) etag: HeaderValue,
}

impl File {
    /// The file at a path without the slash at the start.
    pub(crate) fn find(path: &str) -> Option<&'static Self> {
        FILES.iter().find(|file| file.path == path)
    }

    /// The smallest form that the client takes.
    pub(crate) fn form(&self, request: &HeaderMap) -> Form {
        let (bytes, encoding) = if accepts(request, "br") {
            (self.brotli, Some("br"))
        } else if accepts(request, "gzip") {
            (self.gzip, Some("gzip"))
        } else {
            (self.plain, None)
        };
        let ending = encoding.map(|it| format!("-{it}")).unwrap_or_default();
        Form {
            bytes: Bytes::from_static(bytes),
            encoding: encoding.map(HeaderValue::from_static),
            etag: text(format!("\"{}{ending}\"", self.tag)),
        }
    }
}

/// Whether the client takes this coding. Source: RFC 9110 §12.5.3.
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    let accepted = request.get_all(header::ACCEPT_ENCODING);
    let weight_of = |name: &str| {
        let values = accepted.iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).find_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let found = parts.next()?.eq_ignore_ascii_case(name);
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            found.then(|| weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
        })
    };
    let weight: Option<f32> = weight_of(coding).or_else(|| weight_of("*"));
    weight.is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_taken_if_it_is_named_and_not_with_weight_zero() {
        for (header, br, gzip) in [
            ("", false, false),
            ("gzip, deflate, br, zstd", true, true),
            ("gzip", false, true),
            ("br;q=0, gzip;q=0.5", false, true),
            ("BR; q=1.0", true, false),
            ("*", true, true),
            ("*;q=0", false, false),
            ("gzip;q=0, *", true, false),
            ("identity", false, false),
            ("br;q=nonsense", false, false),
            ("xbr", false, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, text(header.to_owned()));
            let found = [accepts(&headers, "br"), accepts(&headers, "gzip")];
            assert_eq!(found, [br, gzip], "{header}");
        }
        assert!(!accepts(&HeaderMap::new(), "br"));
    }
}
