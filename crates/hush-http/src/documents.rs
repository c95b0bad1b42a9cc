//! What `/docs` and `/openapi*` serve, made at build time (`build/main.rs`): the committed documents and the page.

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

    /// The form that the client likes best, the smallest if it likes several.
    pub(crate) fn form(&self, request: &HeaderMap) -> Form {
        let [br, gzip] = ["br", "gzip"].map(|coding| weight(request, coding));
        let (bytes, encoding) = if br > 0.0 && br >= gzip {
            (self.brotli, Some("br"))
        } else if gzip > 0.0 {
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

/// How much the client likes this coding; nothing if it does not take it. Source: RFC 9110 §12.5.3.
fn weight(request: &HeaderMap, coding: &str) -> f32 {
    let accepted = request.get_all(header::ACCEPT_ENCODING);
    let weight_of = |name: &str| {
        let values = accepted.iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).find_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let found = parts.next()?.eq_ignore_ascii_case(name);
            let weight = parts.find_map(|part| {
                let (name, weight) = part.split_once('=')?;
                name.eq_ignore_ascii_case("q").then_some(weight)
            });
            found.then(|| weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
        })
    };
    weight_of(coding).or_else(|| weight_of("*")).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_the_client_likes_best() {
        static FILE: File = File {
            path: "x",
            content_type: "text/plain",
            tag: "t",
            plain: b"plain",
            gzip: b"gzip",
            brotli: b"br",
        };
        for (accepted, expected) in [
            ("", "plain"),
            ("gzip, deflate, br, zstd", "br"),
            ("gzip", "gzip"),
            ("br;q=0, gzip;q=0.5", "gzip"),
            ("br;Q=0, gzip", "gzip"),
            ("br;q=0.1, gzip", "gzip"),
            ("br;q=0.5, gzip;q=0.5", "br"),
            ("BR; q=1.0", "br"),
            ("*", "br"),
            ("*;q=0", "plain"),
            ("br;q=0, *", "gzip"),
            ("identity", "plain"),
            ("br;q=nonsense", "plain"),
            ("xbr", "plain"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, text(accepted.to_owned()));
            let form = FILE.form(&headers);
            assert_eq!(form.bytes, expected, "{accepted}");
            let plain = expected == "plain";
            assert_eq!(form.encoding.is_none(), plain, "{accepted}");
            let tag = if plain {
                "\"t\"".to_owned()
            } else {
                format!("\"t-{expected}\"")
            };
            assert_eq!(form.etag, tag, "{accepted}");
        }
        assert_eq!(FILE.form(&HeaderMap::new()).bytes, "plain");
    }
}
