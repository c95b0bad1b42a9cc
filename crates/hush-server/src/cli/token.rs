//! The commands about personal tokens.

use std::time::Duration;

use clap::{Args, Subcommand};
use hush_app::{Lifetime, RotateToken};
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::scopes::Scope;
use hush_domain::tokens::{MAX_GRACE, TokenName};

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
    ///
    /// On a terminal as a table; else one token a line, the columns separated by tabs: id, first characters, user,
    /// servers, scopes, state, end, last use, name.
    List(ListArgs),
    /// Give a token a new secret, which is printed alone on the standard output, once.
    ///
    /// Id, name, servers, scopes and end stay. For a while the secret before still reads, so that what uses it can be
    /// changed over.
    Rotate(RotateArgs),
    /// Say which token a secret belongs to. The secret is read from the standard input, and never shown.
    ///
    /// Exits with 0 if it works (with --offline: if its checksum holds), else with 1.
    #[command(after_help = "\
Examples:
  hush-server token inspect < secret.txt
  printenv TOKEN | hush-server token inspect --offline

Other users of the machine may see a command's arguments: give the secret in none of them.")]
    Inspect(InspectArgs),
    /// Revoke a token and all that were made with it, at once and for good.
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
    /// What its owner calls it. No other live token of theirs has that name.
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

/// Which token gets a new secret.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The token's id, as `token list` shows it.
    #[arg(value_name = "ID")]
    token: TokenId,
    /// For how long the secret before still reads, 0s to 24h. It changes nothing any more.
    #[arg(long, value_name = "DURATION", value_parser = grace, default_value = "5m")]
    grace: Duration,
    /// Keep the tokens that were made with it, which are revoked otherwise.
    #[arg(long)]
    keep_children: bool,
}

/// What to say of a secret.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Say only whether it can be one: whether its checksum holds. Asks no database.
    #[arg(long)]
    pub offline: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

impl CreateArgs {
    /// How long the token lives.
    pub fn lifetime(&self) -> Lifetime {
        if self.no_expiry {
            Lifetime::Endless
        } else {
            Lifetime::For(self.expires_in)
        }
    }
}

impl RotateArgs {
    /// The rotation.
    pub fn wanted(&self) -> RotateToken {
        RotateToken {
            token: self.token,
            grace: self.grace,
            keep_children: self.keep_children,
        }
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if lifetime.is_zero() {
        return Err("a token that has expired is of no use".to_owned());
    }
    Ok(lifetime)
}

fn grace(text: &str) -> Result<Duration, String> {
    let grace = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if grace > MAX_GRACE {
        return Err("it is more than 24h".to_owned());
    }
    Ok(grace)
}
