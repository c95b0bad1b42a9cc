//! Query parameters.

use std::borrow::Cow;

use crate::problem::Problem;

/// A query string. Parameters that nobody asks for are ignored, so that clients of a later version work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn new(query: &'a str) -> Self {
        Self(query)
    }

    /// The value of the parameter `name`, which may stand there once at most.
    pub(crate) fn get(self, name: &'static str) -> Result<Option<Cow<'a, str>>, Problem> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let mut values = form_urlencoded::parse(self.0.as_bytes())
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value);
        let value = values.next();
        if values.next().is_some() {
            return Err(Problem::parameter(name, "must be given once at most"));
        }
        Ok(value)
    }

    /// The value of `name` as `parse` reads it; `expected` tells the client what it can be.
    pub(crate) fn read<T>(
        self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        match self.get(name)? {
            None => Ok(None),
            Some(value) => parse(&value)
                .map(Some)
                .ok_or_else(|| Problem::parameter(name, expected)),
        }
    }

    /// The values of `name`, separated by commas, as `parse` reads each of them: at most so many, each once.
    pub(crate) fn list<T: PartialEq>(
        self,
        name: &'static str,
        expected: &str,
        most: usize,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<Vec<T>>, Problem> {
        self.read(name, expected, |text| {
            let mut values = Vec::new();
            for value in text.split(',') {
                let value = parse(value)?;
                if values.len() == most || values.contains(&value) {
                    return None;
                }
                values.push(value);
            }
            Some(values)
        })
    }
}
