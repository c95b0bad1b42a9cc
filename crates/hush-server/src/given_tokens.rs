//! Tokens whose secrets were made elsewhere, for the memory store, which keeps none of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use hush_app::{App, CreateToken, Lifetime};
use hush_domain::ids::UserId;
use hush_domain::scopes::{Scope, Scopes};
use hush_domain::secret::Secret;
use hush_domain::tokens::NamedServers;
use serde::Deserialize;

use crate::failure::Failure;

/// One line of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    secret: String,
    user: String,
    servers: Vec<String>,
    name: Option<String>,
    #[serde(default = "reading")]
    scopes: Vec<String>,
}

/// What `token create` gives by default.
fn reading() -> Vec<String> {
    [Scope::UsersRead, Scope::StatsRead]
        .map(|scope| scope.to_string())
        .into()
}

/// Takes in every token of `file`. An error names the line and never repeats it: there is a secret in it.
pub(crate) async fn load(app: &App, file: &Path) -> Result<(), Failure> {
    let open = File::open(file)
        .map_err(|error| Failure::operation(format_args!("{}: {error}", file.display())))?;
    let operator = app.admission.operator();
    for (number, line) in (1_u64..).zip(BufReader::new(open).lines()) {
        let refused = |reason: &dyn std::fmt::Display| {
            Failure::operation(format_args!("{}:{number}: {reason}", file.display()))
        };
        let line = line.map_err(|error| refused(&error))?;
        let (user, wanted, secret) =
            read(number, &line).map_err(|error| refused(&format_args!("{error:#}")))?;
        app.tokens
            .adopt(&operator, user, wanted, &secret)
            .await
            .map_err(|error| refused(&error))?;
    }
    Ok(())
}

fn read(number: u64, line: &str) -> anyhow::Result<(UserId, CreateToken, Secret)> {
    let Ok(line) = serde_json::from_str::<Line>(line) else {
        // What serde says may quote the secret.
        anyhow::bail!(
            "expected a JSON object with secret, user, servers and, if wanted, name and scopes"
        );
    };
    let servers = line
        .servers
        .iter()
        .map(|id| id.parse())
        .collect::<Result<_, _>>();
    let scopes = line.scopes.iter().map(|scope| scope.parse::<Scope>());
    // A user's tokens have different names.
    let name = line.name.unwrap_or_else(|| format!("given {number}"));
    let wanted = CreateToken {
        servers: NamedServers::new(servers.context("servers")?).context("servers")?,
        name: name.parse().context("name")?,
        scopes: scopes.collect::<Result<Scopes, _>>().context("scopes")?,
        lifetime: Lifetime::Endless,
    };
    let user = line.user.parse().context("user")?;
    Ok((user, wanted, line.secret.parse().context("secret")?))
}
