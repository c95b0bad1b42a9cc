//! The problems that operations can answer with.

use std::collections::BTreeMap;

use hush_domain::operations::Operation;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::{self, ParameterIn};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

use super::headers;
use crate::problem::{Code, Problem, Types};

/// What decides which problems there can be.
pub(super) struct Asked<'a> {
    /// What the path stands for in the table of operations; nothing if anybody may ask.
    pub(super) operations: &'a [Operation],
    /// Whether there are parameters in the query.
    query: bool,
    /// Whether a body is read.
    body: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn new(operations: &'a [Operation], described: &path::Operation) -> Self {
        let mut parameters = described.parameters.iter().flatten();
        Self {
            operations,
            query: parameters.any(|parameter| match parameter {
                RefOr::T(known) => known.parameter_in == ParameterIn::Query,
                RefOr::Ref(_) => false,
            }),
            body: described.request_body.is_some(),
        }
    }

    fn is(&self, any: &[Operation]) -> bool {
        self.operations
            .iter()
            .any(|operation| any.contains(operation))
    }

    /// Whether one of the operations changes something.
    pub(super) fn changes(&self) -> bool {
        self.operations.iter().any(|it| it.requirement().changes)
    }

    /// Whether the request may be sent again under a key.
    pub(super) fn is_repeatable(&self) -> bool {
        self.is(&[
            Operation::CreateToken,
            Operation::RotateToken,
            Operation::CreateCommand,
        ])
    }

    /// Whether it can still be refused once it was admitted.
    pub(super) fn has_rules_of_its_own(&self) -> bool {
        use Operation::{CreateCommand, CreateToken, GetToken, RevokeToken, RotateToken};
        self.is(&[
            CreateToken,
            GetToken,
            RevokeToken,
            RotateToken,
            CreateCommand,
        ])
    }

    /// Whether there can be such an answer.
    fn can_be(&self, code: Code) -> bool {
        use Operation::{
            CancelCommand, CreateCommand, CreateToken, GetCommand, GetToken, GetUser, ListUsers,
            RemoveServerFromToken, RevokeToken, RotateToken,
        };
        let mut requirements = self.operations.iter().map(|it| it.requirement());
        match code {
            Code::InvalidRequest
            | Code::RequestTimeout
            | Code::PayloadTooLarge
            | Code::RateLimited
            | Code::Internal
            | Code::Unavailable => true,
            Code::InvalidParameter => self.query || self.body || self.changes(),
            Code::InvalidBody | Code::UnsupportedMediaType => self.body,
            Code::MissingToken | Code::InvalidToken => !self.operations.is_empty(),
            Code::ServerRequired => self.is(&[ListUsers, GetUser]),
            Code::InsufficientScope => {
                requirements.any(|it| it.scope.is_some()) || self.has_rules_of_its_own()
            }
            Code::InsufficientAccess | Code::ServerNotFound => {
                requirements.any(|it| it.level.is_some())
            }
            Code::SecretReplaced => self.changes(),
            Code::UserNotFound => self.is(&[GetUser, CreateCommand]),
            Code::RoleNotFound
            | Code::ChannelNotFound
            | Code::CommandForbidden
            | Code::IdempotencyKeyRequired
            | Code::TooManyCommands
            | Code::NoBot => self.is(&[CreateCommand]),
            Code::CommandNotFound => self.is(&[CreateCommand, GetCommand, CancelCommand]),
            Code::CommandStarted => self.is(&[CancelCommand]),
            Code::TokenNotFound => {
                self.is(&[GetToken, RevokeToken, RotateToken, RemoveServerFromToken])
            }
            Code::TokenOutOfReach | Code::TokenEnded => self.is(&[RotateToken]),
            Code::TokenNameTaken | Code::TooManyTokens => self.is(&[CreateToken]),
            Code::RequestInProgress | Code::IdempotencyKeyReused => self.is_repeatable(),
            Code::NotFound | Code::MethodNotAllowed => false,
        }
    }

    /// Adds every problem that there can be.
    pub(super) fn add_problems(&self, described: &mut path::Operation) {
        let possible: Vec<_> = Code::ALL
            .iter()
            .copied()
            .filter(|code| self.can_be(*code))
            .collect();
        for codes in possible.chunk_by(|one, next| one.status() == next.status()) {
            add(described, codes);
        }
    }
}

/// Adds the response of these codes, which share one status.
pub(super) fn add(operation: &mut path::Operation, codes: &[Code]) {
    let Some(first) = codes.first() else { return };
    let status = first.status().as_u16().to_string();
    let examples = codes.iter().map(|code| {
        let example = Ref::new(format!("#/components/examples/{}", code.as_str()));
        (code.as_str(), RefOr::Ref(example))
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let titles: Vec<_> = codes
        .iter()
        .map(|code| format!("`{}`: {}.", code.as_str(), code.title()))
        .collect();
    let response = ResponseBuilder::new()
        .description(titles.join(" "))
        .content("application/problem+json", content)
        .build();
    let responses = &mut operation.responses.responses;
    responses.insert(status.clone(), RefOr::T(response));
    headers::add(operation, &status, &["Cache-Control"]);
    for code in codes {
        let own: &[&str] = match code {
            Code::MissingToken | Code::InsufficientScope => &["WWW-Authenticate"],
            Code::RateLimited | Code::Unavailable | Code::RequestInProgress => &["Retry-After"],
            _ => &[],
        };
        headers::add(operation, &status, own);
    }
}

/// An example of each problem that an operation can answer with, as the document lists them once for all operations.
pub(super) fn examples(public_url: &str) -> BTreeMap<String, RefOr<Example>> {
    let types = Types::new(public_url);
    let example = |code: &Code| {
        let problem = Problem::example(*code);
        let value = serde_json::to_value(problem.body(&types, "4bf92f3577b34da6-1")).ok();
        let example = ExampleBuilder::new().summary(code.title()).value(value);
        (code.as_str().to_owned(), RefOr::T(example.build()))
    };
    let possible = Code::ALL.iter().filter(|code| !is_unrouted(**code));
    possible.map(example).collect()
}

/// Whether it says that no operation was asked.
fn is_unrouted(code: Code) -> bool {
    matches!(code, Code::NotFound | Code::MethodNotAllowed)
}
