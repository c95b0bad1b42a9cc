//! Every error that HTTP answers: one table of codes, one body (RFC 9457), one status each.

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hush_app::{Denied, Failure, NotReady};
use hush_domain::permission::Refusal;
use serde::Serialize;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::headers::{ROOM, text};

/// The seconds after which a client may ask again when the service cannot answer.
const RETRY_UNAVAILABLE: u64 = 1;

macro_rules! codes {
    ($($variant:ident $status:ident $code:literal $title:literal $cure:literal;)*) => {
        /// The closed list of error codes. A code never changes its meaning or its status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in the order of their status.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The status, the stable name, the title, and what to do about it.
            const fn row(self) -> (StatusCode, &'static str, &'static str, &'static str) {
                match self {
                    $(Self::$variant => (StatusCode::$status, $code, $title, $cure),)*
                }
            }
        }
    };
}

codes! {
    InvalidRequest BAD_REQUEST "invalid-request" "The request is malformed"
        "Send exactly one Authorization header.";
    InvalidParameter BAD_REQUEST "invalid-parameter" "A parameter has a value that it cannot have"
        "Correct the parameter that the answer names.";
    ServerRequired BAD_REQUEST "server-required" "The token names several servers"
        "Say which one is meant with the query parameter server_id.";
    MissingToken UNAUTHORIZED "missing-token" "A token is required"
        "Send the header Authorization: Bearer hush_… with your personal token.";
    InvalidToken UNAUTHORIZED "invalid-token" "The token is not valid"
        "Check that the token was copied whole; if it was revoked or has expired, ask for a new one.";
    InsufficientScope FORBIDDEN "insufficient-scope" "The token lacks a scope"
        "Use a token that has the scope that the answer names.";
    InsufficientAccess FORBIDDEN "insufficient-access" "Your access level in the server is too low"
        "Ask the server's owner for the access level that the answer names.";
    ServerNotFound NOT_FOUND "server-not-found" "No such server within reach of this token"
        "Check the id, that the token names this server, and that its user is still in it.";
    UserNotFound NOT_FOUND "user-not-found" "No such user in this server"
        "Check the id; the user may have left.";
    NotFound NOT_FOUND "not-found" "Nothing is here"
        "Check the path against the documentation.";
    MethodNotAllowed METHOD_NOT_ALLOWED "method-not-allowed" "The path does not take this method"
        "Use one of the methods in the Allow header.";
    RequestTimeout REQUEST_TIMEOUT "request-timeout" "The request's body came too slowly"
        "Send the whole request within 10 seconds.";
    PayloadTooLarge PAYLOAD_TOO_LARGE "payload-too-large" "The request's body is too large"
        "Send at most 64 KiB.";
    RateLimited TOO_MANY_REQUESTS "rate-limited" "Too many requests"
        "Wait as many seconds as Retry-After says, then ask again.";
    Internal INTERNAL_SERVER_ERROR "internal-error" "Something is broken on our side"
        "Tell the operator the request id.";
    Unavailable SERVICE_UNAVAILABLE "unavailable" "The service cannot answer right now"
        "Wait as many seconds as Retry-After says, then ask again.";
}

impl Code {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// What it is, in one line.
    pub fn title(self) -> &'static str {
        self.row().2
    }

    /// What to do about it.
    pub fn cure(self) -> &'static str {
        self.row().3
    }
}

/// An error on its way to the client. The edge gives it the request's id and writes it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    detail: Cow<'static, str>,
    parameter: Option<&'static str>,
    required: Option<&'static str>,
    actual: Option<&'static str>,
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
            wait: None,
            cause: None,
        }
    }

    /// A parameter in query or body, by its name, with what it can be.
    pub(crate) fn parameter(name: &'static str, expected: &str) -> Self {
        let mut problem = Self::new(Code::InvalidParameter);
        problem.parameter = Some(name);
        problem.detail = Cow::Owned(format!("{name} {expected}"));
        problem
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
        self.wait
            .or((self.code == Code::Unavailable).then_some(RETRY_UNAVAILABLE))
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
            parameter: self.parameter,
            required: self.required,
            actual: self.actual,
            retry_after: self.wait,
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
    #[schema(max_length = 100)]
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
    /// With `invalid-parameter`: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 64)]
    parameter: Option<&'static str>,
    /// With `insufficient-scope` and `insufficient-access`: the scope or access level that is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 64)]
    required: Option<&'static str>,
    /// With `insufficient-access`: the access level that the user has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 64)]
    actual: Option<&'static str>,
    /// With `rate-limited`: the seconds to wait, as in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    retry_after: Option<u64>,
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "The stable name of an error. Later versions may add to the list.",
            ))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for Code {}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::MissingToken => Self::new(Code::MissingToken),
            Denied::InvalidToken => Self::new(Code::InvalidToken),
            Denied::ServerRequired => Self::new(Code::ServerRequired),
            Denied::UnreadableServer => Self::parameter("server_id", SNOWFLAKE),
            Denied::ServerNotFound => Self::new(Code::ServerNotFound),
            Denied::Insufficient(Refusal::InsufficientScope { required }) => {
                let mut problem = Self::new(Code::InsufficientScope);
                problem.required = Some(required.as_str());
                problem
            }
            Denied::Insufficient(Refusal::InsufficientAccess { required, actual }) => {
                let mut problem = Self::new(Code::InsufficientAccess);
                problem.required = Some(required.as_str());
                problem.actual = Some(actual.as_str());
                problem
            }
            Denied::RateLimited(quota) => {
                let mut problem = Self::new(Code::RateLimited);
                problem.wait = Some(quota.more_in_seconds);
                problem
            }
            Denied::Failed(failure) => failure.into(),
        }
    }
}

/// What an id in a query can be.
pub(crate) const SNOWFLAKE: &str =
    "must be an id: a decimal number from 1 to 9223372036854775807, without sign or leading zero";

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let code = match failure {
            Failure::Unavailable(_) => Code::Unavailable,
            Failure::Internal(_) => Code::Internal,
        };
        Self {
            cause: Some(Arc::new(failure)),
            ..Self::new(code)
        }
    }
}

impl From<NotReady> for Problem {
    fn from(_: NotReady) -> Self {
        Self::new(Code::Unavailable)
    }
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
