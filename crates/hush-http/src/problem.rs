//! Every error that HTTP answers: one table of codes, one body (RFC 9457), one status each.

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use hush_app::Failure;
use hush_domain::commands::FailureCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::expected::SNOWFLAKE;
use crate::headers::{ROOM, text};

mod codes;
mod from;

pub use codes::Code;

/// The seconds after which a client may ask again when the service cannot answer, or not yet.
const RETRY_SOON: u64 = 1;
/// The most characters that a problem repeats of a name that the client made up.
const MAX_NAME: usize = 64;

/// An error on its way to the client. The edge gives it the request's id and writes it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    detail: Cow<'static, str>,
    parameter: Option<Cow<'static, str>>,
    required: Option<&'static str>,
    actual: Option<&'static str>,
    rule: Option<FailureCode>,
    /// Seconds until the limit has room.
    wait: Option<u64>,
    /// For the log alone: the client learns the kind of a failure and no more.
    pub(crate) cause: Option<Arc<Failure>>,
}

impl Problem {
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            detail: Cow::Borrowed(code.cure()),
            parameter: None,
            required: None,
            actual: None,
            rule: None,
            wait: None,
            cause: None,
        }
    }

    /// A parameter in query, header or body, by its name, with what it can be.
    pub(crate) fn parameter(name: &'static str, expected: &str) -> Self {
        Self {
            parameter: Some(name.into()),
            detail: format!("{name} {expected}").into(),
            ..Self::new(Code::InvalidParameter)
        }
    }

    /// A field of the body that the operation does not take, or that stands there twice. The client made up its name.
    pub(crate) fn field(name: &str, expected: &str) -> Self {
        let name: String = name.chars().take(MAX_NAME).collect();
        Self {
            detail: format!("{name} {expected}").into(),
            parameter: Some(name.into()),
            ..Self::new(Code::InvalidParameter)
        }
    }

    /// A body that is no JSON object: where reading it stopped.
    pub(crate) fn body_at(line: usize, column: usize) -> Self {
        let cure = Code::InvalidBody.cure();
        Self {
            detail: format!("{cure} Reading this one stopped at line {line}, column {column}.")
                .into(),
            ..Self::new(Code::InvalidBody)
        }
    }

    /// As the document shows it.
    pub(crate) fn example(code: Code) -> Self {
        let mut problem = match code {
            Code::InvalidParameter => Self::parameter("server_id", SNOWFLAKE),
            _ => Self::new(code),
        };
        match code {
            Code::InsufficientScope => problem.required = Some("users:read"),
            Code::InsufficientAccess => {
                problem.required = Some("server_owner");
                problem.actual = Some("admin");
            }
            Code::RateLimited => problem.wait = Some(17),
            _ => {}
        }
        problem
    }

    /// What `WWW-Authenticate` says. Source: RFC 6750 §3.
    fn challenge(&self) -> Option<HeaderValue> {
        Some(HeaderValue::from_static(match (self.code, self.required) {
            (Code::MissingToken, _) => r#"Bearer realm="hush""#,
            (Code::InvalidRequest, _) => r#"Bearer realm="hush", error="invalid_request""#,
            (Code::InvalidToken, _) => {
                r#"Bearer realm="hush", error="invalid_token", error_description="The token is not valid""#
            }
            (Code::InsufficientScope, Some(scope)) => {
                return Some(text(format!(
                    r#"Bearer realm="hush", error="insufficient_scope", scope="{scope}""#
                )));
            }
            _ => return None,
        }))
    }

    /// Seconds after which to ask again.
    fn retry_after(&self) -> Option<u64> {
        let soon = matches!(self.code, Code::Unavailable | Code::RequestInProgress);
        self.wait.or(soon.then_some(RETRY_SOON))
    }

    /// The body and the headers that belong to it, in `response`, whose other headers stay.
    pub(crate) fn write(&self, types: &Types, request_id: &str, response: &mut Response) {
        let body = self.body(types, request_id);
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let mut json = Vec::with_capacity(512);
        // A body of strings and numbers always has a JSON form.
        let _ = serde_json::to_writer(&mut json, &body);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(json.len()));
        *response.body_mut() = json.into();
    }

    pub(crate) fn body<'a>(&'a self, types: &'a Types, request_id: &'a str) -> Body<'a> {
        Body {
            r#type: types.of(self.code),
            code: self.code,
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            request_id,
            parameter: self.parameter.as_deref(),
            required: self.required,
            actual: self.actual,
            rule: self.rule.map(FailureCode::as_str),
            retry_after: self.retry_after(),
        }
    }
}

/// The addresses that name the codes as types, one for each, by the order of the table.
pub(crate) struct Types(Vec<String>);

impl Types {
    /// The codes' sections in the documentation of the service at `public_url`.
    pub(crate) fn new(public_url: &str) -> Self {
        let address = |code: &Code| format!("{public_url}/docs/problems/{}", code.as_str());
        Self(Code::ALL.iter().map(address).collect())
    }

    fn of(&self, code: Code) -> &str {
        self.0
            .get(code as usize)
            .map_or("about:blank", String::as_str)
    }
}

/// Why a request was not answered as asked (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    /// The address of the code's section in the documentation.
    #[schema(format = "uri", max_length = 2048)]
    r#type: &'a str,
    /// The stable name of the error.
    code: Code,
    /// What it is, in one line.
    #[schema(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", max_length = 100)]
    title: &'static str,
    /// The HTTP status, once more.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What to do about it.
    #[schema(max_length = 1000)]
    detail: &'a str,
    /// The request's id, for questions to the operator.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,64}$", max_length = 64)]
    request_id: &'a str,
    /// With `invalid-parameter`: its name. With `server-not-found`: the field that names the server, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 64)]
    parameter: Option<&'a str>,
    /// With `insufficient-scope` and `insufficient-access`: the scope or access level that is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[a-z]+([_:][a-z]+)*$", max_length = 64)]
    required: Option<&'static str>,
    /// With `insufficient-access`: the access level that the user has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[a-z]+(_[a-z]+)*$", max_length = 64)]
    actual: Option<&'static str>,
    /// With `command-forbidden`, and where what a command names is not there: the rule, as in `failure.code` of a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[a-z]+(-[a-z]+)*$", max_length = 64)]
    rule: Option<&'static str>,
    /// Where it helps to ask again (`rate-limited`, `unavailable`, `request-in-progress`): the seconds to wait, as in
    /// `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 3600)]
    retry_after: Option<u64>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.code.status();
        *response.headers_mut() = HeaderMap::with_capacity(ROOM);
        response.extensions_mut().insert(self);
        response
    }
}
