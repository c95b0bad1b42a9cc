//! The table of error codes.

use http::StatusCode;
use serde::Serialize;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

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
    InvalidBody BAD_REQUEST "invalid-body" "The body is no JSON object"
        "Send one JSON object in UTF-8, with the fields that the documentation names.";
    InvalidParameter BAD_REQUEST "invalid-parameter" "A parameter has a value that it cannot have"
        "Correct the parameter that the answer names.";
    ServerRequired BAD_REQUEST "server-required" "The token names several servers"
        "Say which one is meant with the query parameter server_id.";
    IdempotencyKeyRequired BAD_REQUEST "idempotency-key-required" "A command needs a key"
        "Send the header Idempotency-Key with a name of your own for this request, so that it can be sent again without harm.";
    MissingToken UNAUTHORIZED "missing-token" "A token is required"
        "Send the header Authorization: Bearer hush_… with your personal token.";
    InvalidToken UNAUTHORIZED "invalid-token" "The token is not valid"
        "Check that the token was copied whole; if it was revoked or has expired, ask for a new one.";
    InsufficientScope FORBIDDEN "insufficient-scope" "The token lacks a scope"
        "Use a token that has the scope that the answer names.";
    InsufficientAccess FORBIDDEN "insufficient-access" "Your access level in the server is too low"
        "Ask the server's owner for the access level that the answer names.";
    SecretReplaced FORBIDDEN "secret-replaced" "A newer secret has replaced this one"
        "Use the token's newest secret: one that was replaced only reads, until its time is over.";
    TokenOutOfReach FORBIDDEN "token-out-of-reach" "The token may not have the other one's secret"
        "A token rotates itself, those that it made, and those that no token made, name no other server, can do no more and live no longer.";
    CommandForbidden FORBIDDEN "command-forbidden" "A rule forbids this command"
        "See the rule that the answer names: the roles of the server decide who acts on whom.";
    ServerNotFound NOT_FOUND "server-not-found" "No such server within reach of this token"
        "Check the id, that the token names this server, that its user is still in it, and that its owner has not switched the API off.";
    UserNotFound NOT_FOUND "user-not-found" "No such user in this server"
        "Check the id; the user may have left.";
    RoleNotFound NOT_FOUND "role-not-found" "No such role in this server"
        "Check the id; the role may have been deleted.";
    ChannelNotFound NOT_FOUND "channel-not-found" "No such channel in this server"
        "Check the id; the channel may have been deleted, or belong to another server.";
    CommandNotFound NOT_FOUND "command-not-found" "No such command in this server"
        "Check the id; commands that have ended are kept for 90 days unless the operator decides otherwise.";
    TokenNotFound NOT_FOUND "token-not-found" "No such token within reach of this one"
        "Check the id, whose token it is, and that this token names every server that the other one names.";
    NotFound NOT_FOUND "not-found" "Nothing is here"
        "Check the path against the documentation.";
    MethodNotAllowed METHOD_NOT_ALLOWED "method-not-allowed" "The path does not take this method"
        "Use one of the methods in the Allow header.";
    RequestTimeout REQUEST_TIMEOUT "request-timeout" "The request's body came too slowly"
        "Send the whole request within 10 seconds.";
    TokenNameTaken CONFLICT "token-name-taken" "Another live token of yours has this name"
        "Choose another name, or revoke the token that has it.";
    TooManyTokens CONFLICT "too-many-tokens" "You have as many live tokens as one can have"
        "Revoke a token that is no longer used; there can be 50.";
    TokenEnded CONFLICT "token-ended" "The token was revoked or has expired"
        "Make a new token: one that has ended gets no new secret.";
    CommandStarted CONFLICT "command-started" "The command was begun already"
        "See what becomes of it: only a command that is queued can be cancelled.";
    TooManyCommands CONFLICT "too-many-commands" "Too many commands of the server wait"
        "Wait until some have come to their end; 1000 can wait.";
    RequestInProgress CONFLICT "request-in-progress" "The same request is still being carried out"
        "Wait as many seconds as Retry-After says, then send it again with the same Idempotency-Key.";
    PayloadTooLarge PAYLOAD_TOO_LARGE "payload-too-large" "The request's body is too large"
        "Send at most 64 KiB.";
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "The body is not declared as JSON"
        "Send the header Content-Type: application/json.";
    IdempotencyKeyReused UNPROCESSABLE_ENTITY "idempotency-key-reused" "The key was used for another request"
        "Send another Idempotency-Key: one stands for one request for 24 hours.";
    RateLimited TOO_MANY_REQUESTS "rate-limited" "Too many requests"
        "Wait as many seconds as Retry-After says, then ask again.";
    Internal INTERNAL_SERVER_ERROR "internal-error" "Something is broken on our side"
        "Tell the operator the request id.";
    NoBot NOT_IMPLEMENTED "no-bot" "No bot is there to do it"
        "Ask the operator to set up the bot: without one the service only reads.";
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
