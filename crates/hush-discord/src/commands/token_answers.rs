//! What is said about tokens.

use hush_app::{Failure, IssuedToken, TokenError};
use hush_domain::ids::ServerId;
use hush_domain::scopes::{Scope, Scopes};
use hush_domain::tokens::Token;

use super::answer::Answer;
use super::markdown::{length, moment, plain, relative};

/// The most characters that a message can have.
const LONGEST: usize = 2000;
/// How many of them stay free for what stands below a list.
const REST: usize = 100;

/// The store is away.
pub(super) const UNAVAILABLE: &str = "Hush cannot answer right now. Try again in a minute.";

impl Answer {
    /// A new token with its secret, this once.
    pub(super) fn created(issued: &IssuedToken, server: ServerId, public_url: &str) -> Self {
        let IssuedToken { token, secret } = issued;
        let (name, id, scopes) = (plain(token.name.as_str()), token.id, named(token.scopes));
        let end = match token.expires_at {
            Some(end) => format!("It ends {} ({}).", moment(end), relative(end)),
            None => "It does not end by itself.".to_owned(),
        };
        let (secret, path) = (secret.expose(), example(token.scopes, server));
        Self::new(format!(
            "Your new token **{name}**. Its secret is shown **this once**: keep it as you keep a password.\n\
             ```\n{secret}\n```\
             Try it:\n\
             ```sh\ncurl -H 'Authorization: Bearer {secret}' '{public_url}{path}'\n```\
             - It may be used for {scopes}, in this server alone, and can do no more here than you.\n\
             - {end}\n\
             - To end it at once: `/api token revoke token:{id}`\n\
             - More at <{public_url}/docs>"
        ))
    }

    /// Tokens without their secrets, the newest first, as many as fit.
    pub(super) fn listed(tokens: &[Token]) -> Self {
        if tokens.is_empty() {
            return Self::new(
                "You have no live token for this server. Admins make one with `/api token create`."
                    .to_owned(),
            );
        }
        let mut text = match tokens.len() {
            1 => "Your live token for this server:\n".to_owned(),
            count => format!("Your {count} live tokens for this server:\n"),
        };
        let mut left = tokens.len();
        for token in tokens.iter().rev() {
            let line = line(token);
            if length(&text) + length(&line) > LONGEST - REST {
                break;
            }
            text.push_str(&line);
            left -= 1;
        }
        let rest = match left {
            0 => "End one with `/api token revoke`.".to_owned(),
            older => format!("and {older} older ones, which `GET /v1/tokens` lists."),
        };
        Self::new(text + &rest)
    }

    /// A token that was ended.
    pub(super) fn revoked(token: &Token) -> Self {
        let (name, hint) = (plain(token.name.as_str()), token.hint.as_str());
        let elsewhere = match token.servers.as_slice().len() {
            1 => "",
            _ => ", in every server that it named",
        };
        Self::new(format!(
            "The token **{name}** (`{hint}…`) is ended{elsewhere}, with all tokens that it made."
        ))
    }
}

fn line(token: &Token) -> String {
    let (name, hint) = (plain(token.name.as_str()), token.hint.as_str());
    let (id, scopes) = (token.id, named(token.scopes));
    let end = token.expires_at.map_or_else(
        || "does not end".to_owned(),
        |end| format!("ends {}", relative(end)),
    );
    let used = token.last_used_at.map_or_else(
        || "never used".to_owned(),
        |at| format!("last used {}", relative(at)),
    );
    let elsewhere = match token.servers.as_slice().len() {
        1 => String::new(),
        count => format!(", for {count} servers"),
    };
    format!("- **{name}** `{hint}…`: {scopes}{elsewhere}; {end}; {used}; id `{id}`\n")
}

/// The scopes as code.
fn named(scopes: Scopes) -> String {
    let named: Vec<_> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
    if named.is_empty() {
        "nothing but itself".to_owned()
    } else {
        named.join(" ")
    }
}

/// A path that a token with these scopes can ask for at once, where it can. Those of an admin come first: who makes a
/// token need not own the server.
fn example(scopes: Scopes, server: ServerId) -> String {
    if scopes.contains(Scope::UsersRead) {
        format!("/v1/users?server_id={server}&limit=5")
    } else if scopes.contains(Scope::StatsRead) {
        format!("/v1/servers/{server}/stats")
    } else if scopes.contains(Scope::AuditRead) {
        format!("/v1/servers/{server}/audit-log")
    } else {
        "/v1/me".to_owned()
    }
}

/// Why nothing was done to a token, and what to do about it; `None` for what cannot come to anybody in person.
pub(super) fn of_error(error: &TokenError) -> Option<&'static str> {
    Some(match error {
        TokenError::NotFound => {
            "You have no live token with that name or id for this server. `/api token list` shows those that you have."
        }
        TokenError::NameTaken => {
            "You have a live token with that name already, here or in another server. Choose another name, or end that \
             one with `/api token revoke` where it is for, such as when you never saw its secret."
        }
        TokenError::TooMany => {
            "You have 50 live tokens, which is the most. End one that you no longer use with `/api token revoke`."
        }
        TokenError::ServerNotFound(_) => {
            "You are no longer in this server as far as Hush knows. If you have just come back, wait a minute and try \
             again."
        }
        TokenError::Failed(Failure::Unavailable(_)) => UNAVAILABLE,
        _ => return None,
    })
}
