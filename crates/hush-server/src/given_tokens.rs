//! Tokens whose secrets were made elsewhere, for the memory store, which keeps none of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use hush_app::{App, CreateToken};
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
    #[serde(default = "unnamed")]
    name: String,
    #[serde(default = "reading")]
    scopes: Vec<String>,
}

fn unnamed() -> String {
    "given".to_owned()
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
    for (number, line) in (1..).zip(BufReader::new(open).lines()) {
        let refused = |reason: &dyn std::fmt::Display| {
            Failure::operation(format_args!("{}:{number}: {reason}", file.display()))
        };
        let line = line.map_err(|error| refused(&error))?;
        let (wanted, secret) = read(&line).map_err(|error| refused(&format_args!("{error:#}")))?;
        app.tokens
            .adopt(&operator, wanted, &secret)
            .await
            .map_err(|error| refused(&error))?;
    }
    Ok(())
}

fn read(line: &str) -> anyhow::Result<(CreateToken, Secret)> {
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
    let wanted = CreateToken {
        user: line.user.parse().context("user")?,
        servers: NamedServers::new(servers.context("servers")?).context("servers")?,
        name: line.name.parse().context("name")?,
        scopes: scopes.collect::<Result<Scopes, _>>().context("scopes")?,
        lifetime: None,
    };
    Ok((wanted, line.secret.parse().context("secret")?))
}
