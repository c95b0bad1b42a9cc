//! The JSON body of a request.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use http::{HeaderMap, header};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Code, Problem};

/// What an operation takes as its body.
pub(crate) trait FromBody: Sized {
    /// Takes each field that there can be.
    fn take(fields: &mut Fields<'_>) -> Result<Self, Problem>;
}

/// Reads a body. No body at all is an object without fields.
pub(crate) fn read<T: FromBody>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let mut fields = if body.is_empty() {
        Fields::default()
    } else if is_json(headers) {
        Fields::parse(body)?
    } else {
        return Err(Code::UnsupportedMediaType.into());
    };
    let taken = T::take(&mut fields)?;
    match fields.by_name.into_keys().next() {
        Some(unknown) => Err(Problem::field(&unknown, "is no field of this request")),
        None => Ok(taken),
    }
}

/// Whether the body is declared as JSON, once. Parameters such as a charset change nothing: JSON is UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let mut parts = value.as_bytes().split(|byte| *byte == b';');
    parts
        .next()
        .is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"application/json"))
}

/// The fields of a JSON object that were not taken yet, each as its JSON text.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    by_name: BTreeMap<String, &'a RawValue>,
    twice: Option<String>,
}

impl<'a> Fields<'a> {
    fn parse(body: &'a [u8]) -> Result<Self, Problem> {
        let fields: Self = serde_json::from_slice(body)
            .map_err(|error| Problem::body_at(error.line(), error.column()))?;
        match fields.twice {
            Some(name) => Err(Problem::field(&name, "must be given once at most")),
            None => Ok(fields),
        }
    }

    /// The value of the field `name`, if it is there, as `read` takes it; `expected` tells the client what it can be.
    pub(crate) fn optional<V: Deserialize<'a>, T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(V) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.by_name.remove(name) else {
            return Ok(None);
        };
        let value = serde_json::from_str(value.get()).ok().and_then(read);
        value
            .map(Some)
            .ok_or_else(|| Problem::parameter(name, expected))
    }

    /// The value of the field `name`, which must be there.
    pub(crate) fn required<V: Deserialize<'a>, T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(V) -> Option<T>,
    ) -> Result<T, Problem> {
        self.optional(name, expected, read)?
            .ok_or_else(|| Problem::parameter(name, &format!("is missing: it {expected}")))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some((name, value)) = map.next_entry::<String, _>()? {
            match fields.by_name.entry(name) {
                Entry::Vacant(place) => _ = place.insert(value),
                Entry::Occupied(place) => fields.twice = Some(place.key().clone()),
            }
        }
        Ok(fields)
    }
}

/// A whole number as JSON Schema knows it: `60`, `60.0` and `6e1` are the same one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole(pub(crate) u64);

/// Up to here every whole number has a place among those with a fraction.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Number)
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole, E> {
        Ok(Whole(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Whole, E> {
        let whole = number.fract() == 0.0 && (0.0..=EXACT).contains(&number);
        let digits = whole.then(|| format!("{:.0}", number.abs()));
        digits
            .and_then(|digits| digits.parse().ok())
            .map(Whole)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Float(number), &self))
    }
}
