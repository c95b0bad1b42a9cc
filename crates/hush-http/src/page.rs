//! Pages of lists: how long, from where on, and where the next one is.

use form_urlencoded::Serializer;
use http::HeaderValue;

use crate::expected::{CURSOR, LIMIT};
use crate::headers::text;
use crate::problem::Problem;
use crate::query::Query;
use crate::request::ApiRequest;

/// The largest page.
const MAX_LIMIT: u16 = 1000;
/// The page that one gets without asking for a size.
const DEFAULT_LIMIT: u16 = 50;

/// Which page is asked for, of a list by numbers such as ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageOf<T> {
    pub(crate) limit: u16,
    /// The last number of the page before.
    pub(crate) after: Option<T>,
}

impl<T: TryFrom<u64>> PageOf<T> {
    pub(crate) fn read(query: Query<'_>) -> Result<Self, Problem> {
        let limit = query.read("limit", LIMIT, read_limit)?;
        Ok(Self {
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            after: query.read("after", CURSOR, |text| T::try_from(read_cursor(text)?).ok())?,
        })
    }
}

/// The cursor behind `number`. Clients must not read it, so it does not look like an id.
pub(crate) fn cursor(number: u64) -> String {
    format!("{number:x}")
}

/// The address of the page behind `next`. Of the other parameters it has those named in `kept`, as they were sent.
pub(crate) fn next_link(
    request: &ApiRequest,
    kept: &[&'static str],
    limit: u16,
    next: &str,
) -> Result<HeaderValue, Problem> {
    let mut query = Serializer::new(String::new());
    for name in kept {
        if let Some(value) = request.query().get(name)? {
            query.append_pair(name, &value);
        }
    }
    query.append_pair("limit", itoa::Buffer::new().format(limit));
    let query = query.append_pair("after", next).finish();
    let (base, path) = (&request.shared.settings.public_url, request.path());
    Ok(text(format!("<{base}{path}?{query}>; rel=\"next\"")))
}

fn read_limit(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|limit| digits && (1..=MAX_LIMIT).contains(limit))
}

fn read_cursor(text: &str) -> Option<u64> {
    let number = u64::from_str_radix(text, 16).ok();
    // What we did not write ourselves (a sign, upper case, leading zeros, more than a store can hold) is no cursor.
    number
        .filter(|number| (1..=i64::MAX.cast_unsigned()).contains(number) && cursor(*number) == text)
}
