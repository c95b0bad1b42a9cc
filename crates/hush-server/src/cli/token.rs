//! The commands about personal tokens.

use std::time::Duration;

use clap::{Args, Subcommand};
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::scopes::Scope;
use hush_domain::tokens::TokenName;

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token. Its secret is printed alone on the standard output, once.
    #[command(after_help = "\
Examples:
  hush-server token create --server 123456 --user 123456 --name laptop
  hush-server token create --server 1 2 --user 7 --name backup --scope users:read --no-expiry
  TOKEN=$(hush-server token create --server 123456 --user 123456 --name ci --expires-in 30d)")]
    Create(CreateArgs),
    /// List tokens, without their secrets.
    List(ListArgs),
    /// Revoke a token, at once and for good.
    Revoke {
        /// The token's id, as `token list` shows it.
        #[arg(value_name = "ID")]
        token: TokenId,
    },
}

/// What the new token shall be.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// A server that the token names, 1 to 25 of them. The token reaches no other.
    #[arg(long = "server", value_name = "ID", required = true, num_args = 1.., value_delimiter = ',')]
    pub servers: Vec<ServerId>,
    /// Whose token it is: a member of each of these servers. It acts with this user's access level.
    #[arg(long, value_name = "ID")]
    pub user: UserId,
    /// What its owner calls it.
    #[arg(long, value_name = "NAME")]
    pub name: TokenName,
    /// What it may be used for at most.
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        num_args = 1..,
        value_delimiter = ',',
        default_values = ["users:read", "stats:read"]
    )]
    pub scopes: Vec<Scope>,
    /// How long it lives, such as 12h or 30d.
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = lifetime,
        default_value = "90d",
        conflicts_with = "no_expiry"
    )]
    expires_in: Duration,
    /// Let it live until it is revoked.
    #[arg(long)]
    no_expiry: bool,
}

/// Which tokens to list.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only this user's.
    #[arg(long, value_name = "ID")]
    pub user: Option<UserId>,
    /// Only those that name this server.
    #[arg(long, value_name = "ID")]
    pub server: Option<ServerId>,
    /// As JSON, one token a line.
    #[arg(long)]
    pub json: bool,
}

impl CreateArgs {
    /// How long the token lives; `None`: until it is revoked.
    pub fn lifetime(&self) -> Option<Duration> {
        (!self.no_expiry).then_some(self.expires_in)
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if lifetime.is_zero() {
        return Err("a token that has expired is of no use".to_owned());
    }
    Ok(lifetime)
}
