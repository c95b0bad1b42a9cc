//! What the log says of each change.

use std::fmt;

use super::{Action, Details, Entry, Target};
use crate::ids::{RoleId, ServerId, TokenId};
use crate::scopes::Scope;
use crate::settings::ServerSettings;
use crate::time::Timestamp;
use crate::tokens::Token;

/// A token was made: an entry for each server that it names.
pub fn token_created(token: &Token) -> Vec<Entry> {
    let after = Details::of([
        ("expires_at", time(token.expires_at)),
        ("parent_id", id(token.parent)),
        ("scopes", texts(token.scopes.iter().map(Scope::as_str))),
    ]);
    everywhere(token, Action::TokenCreated, None, Some(&after))
}

/// A token, as it is now, got a new secret.
pub fn token_rotated(token: &Token, former_until: Timestamp) -> Vec<Entry> {
    let after = Details::of([("former_secret_until", time(Some(former_until)))]);
    everywhere(token, Action::TokenRotated, None, Some(&after))
}

/// A token, as it was before, was revoked at `at`.
pub fn token_revoked(token: &Token, action: Action, at: Timestamp) -> Vec<Entry> {
    let before = Details::of([("revoked_at", time(token.revoked_at))]);
    let after = Details::of([("revoked_at", time(Some(at)))]);
    everywhere(token, action, Some(&before), Some(&after))
}

/// A former secret of a token was ended before its time.
pub fn former_secret_leaked(token: &Token, until: Timestamp, at: Timestamp) -> Vec<Entry> {
    let before = Details::of([("former_secret_until", time(Some(until)))]);
    let after = Details::of([("former_secret_until", time(Some(at)))]);
    everywhere(
        token,
        Action::FormerSecretLeaked,
        Some(&before),
        Some(&after),
    )
}

/// `server` was taken off a token, which names others as well.
pub fn server_removed(token: &Token, server: ServerId) -> Entry {
    Entry {
        server,
        action: Action::ServerRemoved,
        target: Target::Token(token.id, token.user),
        before: None,
        after: None,
    }
}

/// The settings of `server` were changed.
pub fn settings_updated(
    server: ServerId,
    before: &ServerSettings,
    after: &ServerSettings,
) -> Entry {
    let details = |settings: &ServerSettings| {
        let roles: Vec<_> = settings.admin_roles.iter().map(RoleId::to_string).collect();
        Details::of([
            ("admin_role_ids", texts(roles.iter().map(String::as_str))),
            ("api_enabled", settings.api_enabled.to_string()),
        ])
    };
    Entry {
        server,
        action: Action::SettingsUpdated,
        target: Target::Settings,
        before: Some(details(before)),
        after: Some(details(after)),
    }
}

/// The same entry in each server that a token names. None shows that there are others.
fn everywhere(
    token: &Token,
    action: Action,
    before: Option<&Details>,
    after: Option<&Details>,
) -> Vec<Entry> {
    let named = token.servers.as_slice().iter();
    named
        .map(|server| Entry {
            server: *server,
            action,
            target: Target::Token(token.id, token.user),
            before: before.cloned(),
            after: after.cloned(),
        })
        .collect()
}

impl Details {
    /// An object of these fields, whose values are JSON. Nothing in them ever needs an escape.
    pub(super) fn of(fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let fields = fields.into_iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        Self(format!("{{{}}}", fields.join(",")).into())
    }
}

pub(super) fn text(value: impl fmt::Display) -> String {
    format!("\"{value}\"")
}

pub(super) fn texts(values: impl Iterator<Item: fmt::Display>) -> String {
    let values: Vec<_> = values.map(text).collect();
    format!("[{}]", values.join(","))
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "null".to_owned(), text)
}

fn id(token: Option<TokenId>) -> String {
    token.map_or_else(|| "null".to_owned(), text)
}
