//! What is shown of a token.

use hush_domain::ids::TokenId;
use hush_domain::scopes::Scope;
use hush_domain::time::Timestamp;
use hush_domain::tokens::Token;
use serde_json::{Value, json};

pub(super) fn state(token: &Token, now: Timestamp) -> &'static str {
    if token.is_live(now) {
        "live"
    } else if token.revoked_at.is_some() {
        "revoked"
    } else {
        "expired"
    }
}

pub(super) fn servers(token: &Token) -> Vec<String> {
    let servers = token.servers.as_slice().iter();
    servers.map(ToString::to_string).collect()
}

pub(super) fn scopes(token: &Token) -> Vec<&'static str> {
    token.scopes.iter().map(Scope::as_str).collect()
}

pub(super) fn as_json(token: &Token, now: Timestamp) -> Value {
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "id": token.id.to_string(),
        "hint": token.hint.as_str(),
        "name": token.name.as_str(),
        "user": token.user.to_string(),
        "servers": servers(token),
        "scopes": scopes(token),
        "state": state(token, now),
        "created_at": token.created_at.to_string(),
        "expires_at": text(token.expires_at),
        "revoked_at": text(token.revoked_at),
        "last_used_at": text(token.last_used_at),
        "parent": token.parent.as_ref().map(TokenId::to_string),
    })
}
