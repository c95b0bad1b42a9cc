//! `token`: personal tokens, made, listed and revoked by the operator.

use hush_app::{App, CreateToken, IssueError, Permit};
use hush_domain::ids::TokenId;
use hush_domain::scopes::Scope;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NamedServers, Token};
use hush_ports::{Revoked, TokenFilter};
use serde_json::json;

use crate::cli::{CreateArgs, ListArgs, TokenCommand};
use crate::config::Settings;
use crate::failure::Failure;
use crate::output;
use crate::stores;

/// How many tokens are listed at a time.
const PAGE: u16 = 500;

pub(super) async fn run(settings: &Settings, command: TokenCommand) -> Result<(), Failure> {
    let stores = stores::lasting(settings).await?;
    let app = App::new(&stores.ports, settings.limits);
    let permit = app.admission.operator();
    match command {
        TokenCommand::Create(wanted) => create(&app, &permit, wanted).await,
        TokenCommand::List(filter) => list(&app, &permit, filter, stores.ports.clock.wall()).await,
        TokenCommand::Revoke { token } => revoke(&app, &permit, token).await,
    }
}

async fn create(app: &App, permit: &Permit, wanted: CreateArgs) -> Result<(), Failure> {
    let user = wanted.user;
    let wanted = CreateToken {
        user,
        lifetime: wanted.lifetime(),
        servers: NamedServers::new(wanted.servers).map_err(Failure::usage)?,
        name: wanted.name,
        scopes: wanted.scopes.into_iter().collect(),
    };
    let issued = app
        .tokens
        .create(permit, wanted)
        .await
        .map_err(|error| match error {
            IssueError::NotAMember(server) => Failure::operation(format_args!(
                "user {user} is not a member of server {server}: check both ids, or import the \
                 server first"
            )),
            IssueError::TooLong => {
                Failure::usage("--expires-in reaches beyond the year 9999: use --no-expiry")
            }
            IssueError::Failed(failure) => failure.into(),
            other => Failure::operation(other),
        })?;
    output::line(issued.secret.expose())?;
    let expiry = match issued.token.expires_at {
        Some(end) => format!("expires {end}"),
        None => "does not expire".to_owned(),
    };
    output::aside(&format!(
        "made token {} of user {user} for server {} with {}; it {expiry}; its secret is shown only \
         this once",
        issued.token.id,
        servers(&issued.token),
        scopes(&issued.token)
    ));
    Ok(())
}

async fn list(app: &App, permit: &Permit, wanted: ListArgs, now: Timestamp) -> Result<(), Failure> {
    let mut filter = TokenFilter {
        server: wanted.server,
        user: wanted.user,
        after: None,
        limit: PAGE,
    };
    loop {
        let page = app.tokens.list(permit, filter).await?;
        for token in &page {
            output::line(&if wanted.json {
                as_json(token, now)
            } else {
                as_text(token, now)
            })?;
        }
        match page.last() {
            Some(last) if page.len() == usize::from(PAGE) => filter.after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

async fn revoke(app: &App, permit: &Permit, token: TokenId) -> Result<(), Failure> {
    match app.tokens.revoke(permit, token).await? {
        Revoked::Now => output::aside(&format!("revoked token {token}")),
        Revoked::Before => output::aside(&format!("token {token} had been revoked before")),
        Revoked::Unknown => {
            return Err(Failure::operation(format_args!(
                "there is no token {token}: `hush-server token list` shows those there are"
            )));
        }
    }
    Ok(())
}

fn as_text(token: &Token, now: Timestamp) -> String {
    let until = match (token.revoked_at, token.expires_at) {
        (Some(then), _) => format!(" {then}"),
        (None, Some(end)) if token.is_live(now) => format!(" until {end}"),
        (None, Some(end)) => format!(" {end}"),
        (None, None) => String::new(),
    };
    format!(
        "{}  {}…  user {}  server {}  {}  {}{until}  {}",
        token.id,
        token.hint.as_str(),
        token.user,
        servers(token),
        scopes(token),
        state(token, now),
        token.name
    )
}

fn as_json(token: &Token, now: Timestamp) -> String {
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let servers: Vec<_> = token
        .servers
        .as_slice()
        .iter()
        .map(ToString::to_string)
        .collect();
    let scopes: Vec<_> = token.scopes.iter().map(Scope::as_str).collect();
    json!({
        "id": token.id.to_string(),
        "hint": token.hint.as_str(),
        "name": token.name.as_str(),
        "user": token.user.to_string(),
        "servers": servers,
        "scopes": scopes,
        "state": state(token, now),
        "created_at": token.created_at.to_string(),
        "expires_at": text(token.expires_at),
        "revoked_at": text(token.revoked_at),
    })
    .to_string()
}

fn state(token: &Token, now: Timestamp) -> &'static str {
    if token.is_live(now) {
        "live"
    } else if token.revoked_at.is_some() {
        "revoked"
    } else {
        "expired"
    }
}

fn servers(token: &Token) -> String {
    let ids: Vec<_> = token
        .servers
        .as_slice()
        .iter()
        .map(ToString::to_string)
        .collect();
    ids.join(",")
}

fn scopes(token: &Token) -> String {
    let names: Vec<_> = token.scopes.iter().map(Scope::as_str).collect();
    names.join(",")
}
