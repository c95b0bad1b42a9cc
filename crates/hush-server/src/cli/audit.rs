//! The commands about audit logs, and about what is erased.

use clap::{Args, Subcommand};
use hush_domain::audit::chain::Head;
use hush_domain::ids::{ServerId, UserId};

/// What to do with audit logs.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that nobody changed, removed, reordered or cut off rows.
    ///
    /// Prints a line for each server: what was checked and its head, or what is wrong and with which row. Exits with
    /// 1 if anything is wrong. What that proves, and why to keep heads elsewhere, is in docs/audit.md.
    #[command(after_help = "\
Examples:
  hush-server audit verify
  hush-server audit verify --server 123456 --expect-head 123456:7:9f86…")]
    Verify(VerifyArgs),
    /// Write audit logs as JSON, one row a line, each server's oldest first and its head last.
    #[command(after_help = "\
Examples:
  hush-server audit export > audit.ndjson
  hush-server audit export --server 123456 | jq 'select(.action == \"token.created\")'")]
    Export {
        /// Only this server's.
        #[arg(long, value_name = "ID")]
        server: Option<ServerId>,
    },
}

/// What to check.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Only this server's log.
    #[arg(long, value_name = "ID")]
    pub server: Option<ServerId>,
    /// A head that an earlier `verify` or `export` printed: the log must still hold that row. May be given several
    /// times.
    #[arg(long = "expect-head", value_name = "HEAD")]
    pub heads: Vec<Head>,
    /// Take a log without any keyed row for right although a key is configured: its rows are older than the key.
    #[arg(long)]
    pub allow_unkeyed: bool,
}

/// Whom or what to erase.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct PurgeArgs {
    /// A person: in every server their membership with their name, their tokens, and the reasons that they gave or
    /// that were given for what was done to their tokens.
    #[arg(long, value_name = "ID")]
    pub user: Option<UserId>,
    /// A server: its members, roles and settings, its audit log, and its place in tokens; a token that names no
    /// other server goes whole.
    #[arg(long, value_name = "ID")]
    pub server: Option<ServerId>,
}
