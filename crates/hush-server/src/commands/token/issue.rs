//! `token create` and `token rotate`: what prints a secret, once.

use hush_app::{CreateToken, TokenError};
use hush_domain::time::Timestamp;
use hush_domain::tokens::NamedServers;

use super::{Desk, shown, unknown};
use crate::cli::{CreateArgs, RotateArgs};
use crate::failure::Failure;
use crate::output;

pub(super) async fn create(desk: &Desk, wanted: CreateArgs) -> Result<(), Failure> {
    let (user, name) = (wanted.user, wanted.name.clone());
    let wanted = CreateToken {
        lifetime: wanted.lifetime(),
        servers: NamedServers::new(wanted.servers).map_err(Failure::usage)?,
        name: wanted.name,
        scopes: wanted.scopes.into_iter().collect(),
    };
    let issued = desk.app.tokens.create(&desk.permit, user, wanted).await;
    let issued = issued.map_err(|error| match error {
        TokenError::ServerNotFound(server) => Failure::operation(format_args!(
            "user {user} is not a member of server {server}: check both ids, or import the server \
             first"
        )),
        TokenError::NameTaken => Failure::operation(format_args!(
            "user {user} has a live token named {name}: choose another --name, or revoke that one \
             (`hush-server token list --user {user}` shows it)"
        )),
        TokenError::TooMany => Failure::operation(format_args!(
            "{error}: revoke one first (`hush-server token list --user {user}` shows them)"
        )),
        TokenError::TooLong => {
            Failure::usage("--expires-in reaches beyond the year 9999: use --no-expiry")
        }
        TokenError::Failed(failure) => failure.into(),
        other => Failure::operation(other),
    })?;
    output::line(issued.secret.expose())?;
    output::aside(&format!(
        "made token {} of user {user} for server {} with {}; it {}; its secret is shown only this \
         once",
        issued.token.id,
        shown::servers(&issued.token).join(","),
        shown::scopes(&issued.token).join(","),
        expiry(issued.token.expires_at)
    ));
    Ok(())
}

pub(super) async fn rotate(desk: &Desk, wanted: &RotateArgs) -> Result<(), Failure> {
    let wanted = wanted.wanted();
    let token = wanted.token;
    let issued = desk.app.tokens.rotate(&desk.permit, wanted).await;
    let issued = issued.map_err(|error| match error {
        TokenError::NotFound => unknown(token),
        TokenError::Ended => Failure::operation(format_args!(
            "token {token} is revoked or has expired: make another one with `hush-server token \
             create`"
        )),
        TokenError::Failed(failure) => failure.into(),
        other => Failure::operation(other),
    })?;
    output::line(issued.secret.expose())?;
    let former = if wanted.grace.is_zero() {
        "no longer works".to_owned()
    } else {
        format!(
            "still reads for {}",
            humantime::format_duration(wanted.grace)
        )
    };
    output::aside(&format!(
        "token {token} has a new secret, which is shown only this once; the one before {former}; it {}",
        expiry(issued.token.expires_at)
    ));
    Ok(())
}

fn expiry(end: Option<Timestamp>) -> String {
    match end {
        Some(end) => format!("expires {end}"),
        None => "does not expire".to_owned(),
    }
}
