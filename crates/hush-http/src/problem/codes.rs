//! The table of error codes.

use http::StatusCode;
use serde::Serialize;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What the table says of a code.
struct Row {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    cause: &'static str,
    cure: &'static str,
}

macro_rules! codes {
    ($($variant:ident $status:ident $code:literal $title:literal $cause:literal $cure:literal;)*) => {
        /// The closed list of error codes. A code never changes its meaning or its status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in the order of their status.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            const fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        status: StatusCode::$status,
                        code: $code,
                        title: $title,
                        cause: $cause,
                        cure: $cure,
                    },)*
                }
            }
        }
    };
}

codes! {
    InvalidRequest BAD_REQUEST "invalid-request" "The request is malformed"
        "There is more than one Authorization header, so it is not clear whose request it is."
        "Send exactly one Authorization header.";
    InvalidBody BAD_REQUEST "invalid-body" "The body is no JSON object"
        "The body is empty, is not UTF-8, or is other JSON than an object."
        "Send one JSON object in UTF-8, with the fields that the documentation names.";
    InvalidParameter BAD_REQUEST "invalid-parameter" "A parameter has a value that it cannot have"
        "A parameter of the query, a header or a field of the body is missing, unknown, given twice or out of its range."
        "Correct the parameter that the answer names.";
    ServerRequired BAD_REQUEST "server-required" "The token names several servers"
        "The request names no server, and the token names more than one."
        "Say which one is meant with the query parameter server_id.";
    IdempotencyKeyRequired BAD_REQUEST "idempotency-key-required" "A command needs a key"
        "A command was sent without an Idempotency-Key, so it could not be told from another one if it were sent again."
        "Send the header Idempotency-Key with a name of your own for this request, so that it can be sent again without harm.";
    MissingToken UNAUTHORIZED "missing-token" "A token is required"
        "There is no Authorization header, or its scheme is not Bearer."
        "Send the header Authorization: Bearer hush_… with your personal token.";
    InvalidToken UNAUTHORIZED "invalid-token" "The token is not valid"
        "The token is mistyped, cut off, unknown, revoked or expired. Which of these it is, is not told."
        "Check that the token was copied whole; if it was revoked or has expired, ask for a new one.";
    InsufficientScope FORBIDDEN "insufficient-scope" "The token lacks a scope"
        "The token may not be used for this operation, whoever its user is."
        "Use a token that has the scope that the answer names.";
    InsufficientAccess FORBIDDEN "insufficient-access" "Your access level in the server is too low"
        "The roles of the token's user in this server give a lower access level than the operation needs."
        "Ask the server's owner for the access level that the answer names.";
    SecretReplaced FORBIDDEN "secret-replaced" "A newer secret has replaced this one"
        "The token was rotated. The secret that was sent is one from before, which still reads for a while and changes nothing."
        "Use the token's newest secret: one that was replaced only reads, until its time is over.";
    TokenOutOfReach FORBIDDEN "token-out-of-reach" "The token may not have the other one's secret"
        "The other token can do something, or lives for longer, than the one that asks, so its new secret would be more than that one has."
        "A token rotates itself, those that it made, and those that no token made, name no other server, can do no more and live no longer.";
    CommandForbidden FORBIDDEN "command-forbidden" "A rule forbids this command"
        "Discord's hierarchy of roles does not let you, or the bot, do this to that member, role or channel."
        "See the rule that the answer names: the roles of the server decide who acts on whom.";
    ServerNotFound NOT_FOUND "server-not-found" "No such server within reach of this token"
        "The server is unknown, is not named by the token, its user has left it, or its owner has switched the API off. Which of these it is, is not told."
        "Check the id, that the token names this server, that its user is still in it, and that its owner has not switched the API off.";
    UserNotFound NOT_FOUND "user-not-found" "No such user in this server"
        "Nobody with this id is in the server."
        "Check the id; the user may have left.";
    RoleNotFound NOT_FOUND "role-not-found" "No such role in this server"
        "The server has no role with this id."
        "Check the id; the role may have been deleted.";
    ChannelNotFound NOT_FOUND "channel-not-found" "No such channel in this server"
        "The server has no channel with this id."
        "Check the id; the channel may have been deleted, or belong to another server.";
    CommandNotFound NOT_FOUND "command-not-found" "No such command in this server"
        "The server has had no command with this id, or it ended so long ago that it is no longer kept."
        "Check the id; commands that have ended are kept for 90 days unless the operator decides otherwise.";
    TokenNotFound NOT_FOUND "token-not-found" "No such token within reach of this one"
        "The token is unknown, belongs to somebody else, or names a server that the one that asks does not name."
        "Check the id, whose token it is, and that this token names every server that the other one names.";
    NotFound NOT_FOUND "not-found" "Nothing is here"
        "No operation and no page has this path."
        "Check the path against the documentation.";
    MethodNotAllowed METHOD_NOT_ALLOWED "method-not-allowed" "The path does not take this method"
        "There is something at this path, but not for this method."
        "Use one of the methods in the Allow header.";
    RequestTimeout REQUEST_TIMEOUT "request-timeout" "The request's body came too slowly"
        "The connection was open for 10 seconds, and the body had not come whole."
        "Send the whole request within 10 seconds.";
    TokenNameTaken CONFLICT "token-name-taken" "Another live token of yours has this name"
        "A user's live tokens have different names, so that each can be told from the others."
        "Choose another name, or revoke the token that has it.";
    TooManyTokens CONFLICT "too-many-tokens" "You have as many live tokens as one can have"
        "A user has at most 50 live tokens."
        "Revoke a token that is no longer used; there can be 50.";
    TokenEnded CONFLICT "token-ended" "The token was revoked or has expired"
        "A token that was revoked or has expired stays ended."
        "Make a new token: one that has ended gets no new secret.";
    CommandStarted CONFLICT "command-started" "The command was begun already"
        "The bot has begun to carry the command out, or it has come to its end."
        "See what becomes of it: only a command that is queued can be cancelled.";
    TooManyCommands CONFLICT "too-many-commands" "Too many commands of the server wait"
        "1000 commands of this server wait to be carried out."
        "Wait until some have come to their end; 1000 can wait.";
    RequestInProgress CONFLICT "request-in-progress" "The same request is still being carried out"
        "A request with the same Idempotency-Key came before this one and has not been answered yet."
        "Wait as many seconds as Retry-After says, then send it again with the same Idempotency-Key.";
    PayloadTooLarge PAYLOAD_TOO_LARGE "payload-too-large" "The request's body is too large"
        "The body has more than 64 KiB."
        "Send at most 64 KiB.";
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "The body is not declared as JSON"
        "The request has a body, and its Content-Type is not application/json."
        "Send the header Content-Type: application/json.";
    IdempotencyKeyReused UNPROCESSABLE_ENTITY "idempotency-key-reused" "The key was used for another request"
        "A request with the same Idempotency-Key, within the last 24 hours, asked for something else."
        "Send another Idempotency-Key: one stands for one request for 24 hours.";
    RateLimited TOO_MANY_REQUESTS "rate-limited" "Too many requests"
        "The limit that the answer names is used up: for a server 60 requests in any minute, all of its tokens together."
        "Wait as many seconds as Retry-After says, then ask again.";
    Internal INTERNAL_SERVER_ERROR "internal-error" "Something is broken on our side"
        "Something went wrong inside the service. It is in the operator's log under the request id."
        "Tell the operator the request id.";
    NoBot NOT_IMPLEMENTED "no-bot" "No bot is there to do it"
        "The service runs without a bot, so nobody is there to carry commands out."
        "Ask the operator to set up the bot: without one the service only reads.";
    Unavailable SERVICE_UNAVAILABLE "unavailable" "The service cannot answer right now"
        "The store is away or too slow, or the service is about to stop."
        "Wait as many seconds as Retry-After says, then ask again.";
}

impl Code {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        self.row().status
    }

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        self.row().code
    }

    /// What it is, in one line.
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// How it comes to that.
    pub fn cause(self) -> &'static str {
        self.row().cause
    }

    /// What to do about it.
    pub fn cure(self) -> &'static str {
        self.row().cure
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
