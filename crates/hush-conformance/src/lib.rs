//! Whether what the API answers is what its OpenAPI document says.
//!
//! Tests hand every answer to [`Contract::check`]: the operation has to have this status, this media type and these
//! headers, and headers and body have to be valid by their schemas. The schemas are judged by the crate `jsonschema`,
//! which knows nothing of Hush. A field that the document does not name is an error here, although clients have to
//! ignore one: it would be an answer that the document does not tell of.

mod schemas;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

/// The headers that belong to HTTP, to browsers and to the connection, of which the document of an API says nothing.
const OF_HTTP: &[&str] = &[
    "access-control-expose-headers",
    "allow",
    "connection",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "transfer-encoding",
    "x-content-type-options",
];

/// An answer, with the request's line.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's path, with or without its query.
    pub path: &'a str,
    /// The status.
    pub status: u16,
    /// The headers with lower-case names.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn media_type(&self) -> Option<&str> {
        let whole = self.header("content-type")?;
        whole.split(';').next().map(str::trim)
    }
}

/// What an OpenAPI 3.1 document promises.
pub struct Contract {
    document: Value,
    /// The schemas of components, closed: no field but those that are named.
    components: Value,
    /// What was compiled, by where it stands in the document.
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Contract {
    /// The contract of a document.
    pub fn new(document: Value) -> Self {
        Self {
            components: schemas::closed(&document),
            document,
            compiled: Mutex::default(),
        }
    }

    /// The `operationId` of what a request asks for, if the document has it.
    pub fn operation(&self, method: &str, path: &str) -> Option<&str> {
        self.find(method, path)?.1["operationId"].as_str()
    }

    /// Every pair of an `operationId` and a status that the document names.
    pub fn promised(&self) -> Vec<(&str, u16)> {
        let pairs = self.operations().flat_map(|operation| {
            let id = operation["operationId"].as_str().unwrap_or_default();
            let statuses = operation["responses"].as_object().into_iter().flatten();
            statuses.filter_map(move |(status, _)| Some((id, status.parse().ok()?)))
        });
        pairs.collect()
    }

    /// The names of the headers that the document names for an answer, in lower case.
    pub fn headers(&self, operation_id: &str, status: u16) -> Vec<String> {
        let operation = self
            .operations()
            .find(|it| it["operationId"] == operation_id);
        let responses = operation.map(|operation| &operation["responses"]);
        let response = responses.and_then(|responses| responses.get(status.to_string()));
        let headers = response.and_then(|response| response["headers"].as_object());
        let names = headers.into_iter().flat_map(|headers| headers.keys());
        names.map(|name| name.to_ascii_lowercase()).collect()
    }

    fn operations(&self) -> impl Iterator<Item = &Value> {
        let items = self.document["paths"].as_object().into_iter().flatten();
        items.flat_map(|(_, item)| item.as_object().into_iter().flatten().map(|(_, it)| it))
    }

    /// Fails with everything in which the answer is not what the document says. An answer to what is no operation has
    /// to be a problem; preflights are the browser's own.
    pub fn check(&self, answer: Answer<'_>) -> Result<(), String> {
        let mut wrong = Vec::new();
        if answer.method == "OPTIONS" {
            return Ok(());
        }
        match self.find(answer.method, answer.path) {
            Some((place, operation)) => self.judge(&place, operation, answer, &mut wrong),
            None if answer.status >= 400 => self.judge_problem(answer, &mut wrong),
            // The parts of the documentation page are no operations.
            None if answer.path.starts_with("/docs/") => {}
            None => wrong.push("the document has no such operation".to_owned()),
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{} {} {}: {}\n{}",
            answer.method,
            answer.path,
            answer.status,
            wrong.join("; "),
            String::from_utf8_lossy(answer.body)
        ))
    }

    /// The operation with where it stands. Literal parts of a path go before parameters.
    fn find(&self, method: &str, path: &str) -> Option<(String, &Value)> {
        let path = path.split(['?', '#']).next()?;
        let is_upper_case = method == method.to_ascii_uppercase();
        let method = match method {
            "HEAD" => "get".to_owned(),
            other => other.to_ascii_lowercase(),
        };
        let items = self.document["paths"].as_object()?.iter();
        let fitting = items.filter(|(template, _)| fits(template, path));
        let (template, item) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
        // Methods are told apart by case: `get` is none that anybody knows.
        let operation = item.get(&method).filter(|_| is_upper_case)?;
        let place = format!("/paths/{}/{method}", template.replace('/', "~1"));
        Some((place, operation))
    }

    fn judge(&self, place: &str, operation: &Value, answer: Answer<'_>, wrong: &mut Vec<String>) {
        let status = answer.status.to_string();
        let Some(response) = operation["responses"].get(&status) else {
            wrong.push("the document does not name this status".to_owned());
            return;
        };
        let place = format!("{place}/responses/{status}");
        self.judge_headers(response, answer, wrong);
        let content = response["content"].as_object();
        let expected = content.and_then(|content| content.iter().next());
        if answer.method == "HEAD" || answer.status == 304 {
            if !answer.body.is_empty() {
                wrong.push("there is a body".to_owned());
            }
            return;
        }
        match (expected, answer.media_type()) {
            (None, None) if answer.body.is_empty() => {}
            (Some((name, content)), Some(found)) if name == found => {
                let place = format!("{place}/content/{}/schema", name.replace('/', "~1"));
                self.judge_body(&place, &content["schema"], answer, wrong);
            }
            (expected, found) => wrong.push(format!(
                "the document says {:?}, and it is {found:?}",
                expected.map(|(name, _)| name)
            )),
        }
    }

    fn judge_headers(&self, response: &Value, answer: Answer<'_>, wrong: &mut Vec<String>) {
        let documented = response["headers"].as_object();
        for (name, value) in answer.headers {
            if OF_HTTP.contains(&name.as_str()) {
                continue;
            }
            let mut headers = documented.into_iter().flatten();
            let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
            let Some((known, header)) = found else {
                wrong.push(format!("the document does not name the header {name}"));
                continue;
            };
            let header = self.resolved(header);
            let value = match header["schema"]["type"].as_str() {
                Some("integer") => value
                    .parse()
                    .map_or(json!(value), |number: i64| json!(number)),
                _ => json!(value),
            };
            let validator = self.validator(
                &format!("header {known} {}", header["schema"]),
                &header["schema"],
            );
            list(&validator, &value, &format!("header {name}"), wrong);
        }
        for name in needed(answer) {
            let is_documented = documented
                .is_some_and(|named| named.keys().any(|known| known.eq_ignore_ascii_case(name)));
            if !is_documented {
                wrong.push(format!("the document does not name the header {name}"));
            }
            if answer.header(name).is_none() {
                wrong.push(format!("the header {name} is missing"));
            }
        }
        // Whoever has an answer that can be asked for again by its tag needs the tag.
        let tagged = documented.is_some_and(|named| named.contains_key("ETag"));
        if tagged && answer.header("etag").is_none() {
            wrong.push("the header etag is missing".to_owned());
        }
    }

    fn judge_body(&self, place: &str, schema: &Value, answer: Answer<'_>, wrong: &mut Vec<String>) {
        // Whoever asks for a compressed form compares it with the plain one.
        if answer.header("content-encoding").is_some() {
            return;
        }
        let validator = self.validator(place, schema);
        let is_json = answer.media_type().is_some_and(|it| it.ends_with("json"));
        let body = if is_json {
            match serde_json::from_slice(answer.body) {
                Ok(body) => body,
                Err(error) => {
                    wrong.push(format!("the body is no JSON: {error}"));
                    return;
                }
            }
        } else {
            json!(String::from_utf8_lossy(answer.body))
        };
        list(&validator, &body, "body", wrong);
    }

    fn judge_problem(&self, answer: Answer<'_>, wrong: &mut Vec<String>) {
        if answer.media_type() != Some("application/problem+json") {
            wrong.push("it is no problem".to_owned());
        } else if answer.method != "HEAD" {
            let schema = json!({"$ref": "#/components/schemas/Problem"});
            self.judge_body("problem", &schema, answer, wrong);
        }
    }

    /// What a reference refers to, or the thing itself.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let reference = value["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
        let found = reference.and_then(|pointer| self.document.pointer(pointer));
        found.unwrap_or(value)
    }

    fn validator(&self, place: &str, schema: &Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let made = compiled
            .entry(place.to_owned())
            .or_insert_with(|| Arc::new(schemas::compiled(schema, &self.components)));
        made.clone()
    }
}

fn list(validator: &Validator, value: &Value, what: &str, wrong: &mut Vec<String>) {
    let errors = validator.iter_errors(value);
    wrong.extend(errors.map(|error| format!("{what}{}: {error}", error.instance_path())));
}

/// The headers without which an answer is none of this API's. The document cannot say it: its headers are optional.
fn needed(answer: Answer<'_>) -> impl Iterator<Item = &'static str> {
    let by_status: &[&str] = match answer.status {
        401 => &["www-authenticate"],
        429 | 503 => &["retry-after"],
        _ => &[],
    };
    std::iter::once("x-request-id").chain(by_status.iter().copied())
}

/// Whether a path is one of those that a template stands for.
fn fits(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let fits = template.split('/').all(|expected| {
        parts
            .next()
            .is_some_and(|part| part == expected || (expected.starts_with('{') && !part.is_empty()))
    });
    fits && parts.next().is_none()
}
