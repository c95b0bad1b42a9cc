//! What values from outside can be, in the words of the answer to one that cannot.

/// An id.
pub(crate) const SNOWFLAKE: &str =
    "must be an id: a decimal number from 1 to 9223372036854775807, without sign or leading zero";
/// Ids of users.
pub(crate) const USERS: &str = "must be 1 to 100 ids separated by commas, each once";
/// What users are shown with.
pub(crate) const EXPANSIONS: &str =
    "must be words out of role_ids and bot, separated by commas, each once";
/// A list of ids of servers.
pub(crate) const SERVERS: &str = "must be a list of 1 to 25 ids as strings";
/// The name of a token.
pub(crate) const NAME: &str =
    "must be a string of 1 to 64 characters, none of them a control character";
/// How long a new token lives.
pub(crate) const LIFETIME: &str = "must be a whole number from 1 to 31622400, which is 366 days";
/// How long a secret that is replaced still reads.
pub(crate) const GRACE: &str = "must be a whole number from 0 to 86400";
/// A list of ids of roles.
pub(crate) const ROLES: &str = "must be a list of at most 25 ids as strings";
/// A switch.
pub(crate) const SWITCH: &str = "must be true or false";
/// The text that somebody takes for a token.
pub(crate) const LEAKED: &str = "must be a string of at most 200 characters";
/// The size of a page.
pub(crate) const LIMIT: &str = "must be a whole number from 1 to 1000";
/// Where a page begins.
pub(crate) const CURSOR: &str = "must be the `next` of an earlier page";
/// A moment.
pub(crate) const TIME: &str = "must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z";
/// Why something is done.
pub(crate) const REASON: &str = "must be percent-encoded UTF-8 of 1 to 512 characters, none of them a control character, and stand there once";
/// What a client calls a request.
pub(crate) const KEY: &str =
    "must be 1 to 64 visible ASCII characters, bare or as a quoted string, and stand there once";

/// For how long to wait for the end of a command.
pub(crate) const WAIT: &str = "must be a whole number of seconds from 1 to 20";
/// How long a timeout lasts.
pub(crate) const TIMEOUT: &str = "must be a whole number from 1 to 2419200, which is 28 days";
/// From how long before a ban messages are deleted.
pub(crate) const DELETED: &str = "must be a whole number from 0 to 604800, which is 7 days";
/// Who is banned at once.
pub(crate) const BANNED: &str = "must be a list of 1 to 200 ids as strings, each once";
/// A nickname.
pub(crate) const NICKNAME: &str =
    "must be a string of 1 to 32 characters, none of them a control character, or null";
/// A message.
pub(crate) const CONTENT: &str = "must be a string of 1 to 2000 characters, not all of them white space, and of control characters only line ends and tabs";
/// Why something is done, in a body.
pub(crate) const WORDS: &str =
    "must be a string of 1 to 512 characters, none of them a control character";
/// When a command must not run any more.
pub(crate) const DEADLINE: &str = "must be a time within the next 24 hours";

/// One word out of a closed list.
pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.into_iter().collect();
    format!("must be one of {}", words.join(", "))
}
