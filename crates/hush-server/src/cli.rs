//! The command line.

mod audit;
mod token;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use audit::{AuditCommand, PurgeArgs, VerifyArgs};
pub use token::{CreateArgs, InspectArgs, ListArgs, RotateArgs, TokenCommand};

use crate::config::Sources;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Try it, with demo data and nothing to set up:
  hush-server demo

Run it, with everything in one file:
  hush-server import guild.json
  hush-server token create --server 123456 --user 123456 --name laptop
  hush-server serve

Run it on PostgreSQL, for more than one process:
  export HUSH_DATABASE_URL=postgres://hush:secret@localhost/hush
  hush-server serve

Settings come from ./hush.toml (or --config FILE), then HUSH_… in the environment, then flags;
hush.example.toml explains each. Exit codes: 0 done, 1 failed, 2 asked or configured wrongly.";

/// What every token begins with.
const PREFIX: &str = "hush_";

/// Hush: the public API of a Discord-style bot.
///
/// Serves a server's users and statistics to the personal tokens of its members. Without a command it
/// serves.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    flags: SettingFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API (the default).
    Serve(ServeArgs),
    /// Serve the API with demo data from memory, and print tokens to try it with.
    ///
    /// Listens on this machine only, keeps nothing, and ignores the configured store.
    Demo,
    /// Bring the database's schema up to date.
    ///
    /// Safe while other processes serve, and done by itself at start unless `migrate` is false.
    Migrate,
    /// Write a copy of the SQLite file as it is now, while the service goes on.
    ///
    /// The copy was opened and found whole when this is done. To go back to it: stop the service, put it in the
    /// place of hush.db, remove hush.db-wal, start the service.
    Backup {
        /// The file to write. It must not be there yet.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Move everything between SQLite and PostgreSQL, in either direction.
    ///
    /// Servers, members, tokens, and what the rate limit remembers. The target must be empty, and holds all or
    /// nothing afterwards; the source stays as it is. Stop the service first.
    #[cfg(feature = "sqlite")]
    Copy(CopyArgs),
    /// Load servers from Discord's guild JSON.
    ///
    /// A file holds the objects that Discord's gateway sends as `GUILD_CREATE`: one, several one after the
    /// other, or an array of them. Each replaces what is stored of its server; tokens stay. Every file is
    /// checked first: if one is broken, nothing is imported.
    Import(ImportArgs),
    /// Make, list, rotate, inspect and revoke personal tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check and export the logs of who did what.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Erase a person or a server for good, without asking again.
    ///
    /// What stays of a person: rows of audit logs, which hold their id and nothing else of them, and, if they own a
    /// server, that they do. Who is still a member comes back with the next snapshot of the server, as does a server
    /// that the bot is still in. Backups are not touched.
    Purge(PurgeArgs),
    /// Check the kept member counts against a recount.
    ///
    /// Prints each count that differs. Exits with 1 if one does and is not repaired.
    Recount {
        /// Put the recounted numbers in their place.
        #[arg(long)]
        repair: bool,
    },
    /// Print the OpenAPI document of the API.
    Openapi {
        /// As YAML instead of JSON.
        #[arg(long)]
        yaml: bool,
        /// In the words of OpenAPI 3.0.3, for generators that refuse 3.1.
        #[arg(long = "3.0")]
        v3_0: bool,
    },
    /// Ask the service on the configured address whether it is ready, for container probes.
    ///
    /// Exits with 0 if it is, else with 1.
    Healthcheck {
        /// Say as well how the parts of the service are, such as its connection to Discord. That changes no exit code.
        #[arg(long)]
        verbose: bool,
    },
    /// What there is to set up at Discord.
    #[command(subcommand)]
    Discord(DiscordCommand),
}

/// How to serve.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// Load guild JSON into the memory store before listening. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub import: Vec<PathBuf>,
    /// Take tokens into the memory store, one JSON object a line: secret, user, servers, and, if wanted,
    /// name and scopes.
    #[arg(long, value_name = "FILE")]
    pub tokens: Option<PathBuf>,
    /// Leave the database's schema as it is, like `migrate = false`.
    #[arg(long)]
    no_migrate: bool,
}

/// What there is to set up at Discord.
#[derive(Debug, Subcommand)]
pub enum DiscordCommand {
    /// Make the slash command /api known to Discord, once for all servers.
    ///
    /// It is added beside whatever other commands the application has, and may be registered again at any time, as after an
    /// update of Hush.
    RegisterCommands,
}

/// From where to where to copy.
// The addresses are read by the command: an error of clap's would repeat a password in them.
#[cfg(feature = "sqlite")]
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hush-server copy --from sqlite:/var/lib/hush/hush.db --to postgres://hush@localhost/hush
  hush-server copy --from postgres://hush@localhost/hush --to sqlite:/var/lib/hush/hush.db

Other users of the machine may see a command's arguments: give the password in PGPASSWORD.")]
pub struct CopyArgs {
    /// Where everything is: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    #[arg(long, value_name = "URL")]
    pub from: String,
    /// Where it shall be, written the same way. A file is made if it is missing.
    #[arg(long, value_name = "URL")]
    pub to: String,
}

/// What to import.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hush-server import guild.json
  hush-server import exports/*.json
  zcat guilds.json.gz | hush-server import -")]
pub struct ImportArgs {
    /// Files with guild JSON; `-` is the standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// Settings that are often given for one run only.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
struct SettingFlags {
    /// Read settings from this file instead of ./hush.toml.
    #[arg(long, value_name = "FILE", env = "HUSH_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Where data are kept: sqlite, postgres or memory.
    #[arg(long, value_name = "STORE", global = true)]
    store: Option<String>,
    /// Where the API listens.
    #[arg(long, value_name = "IP:PORT", global = true)]
    listen: Option<String>,
    /// Where metrics are served.
    #[arg(long, value_name = "IP:PORT", global = true)]
    admin_listen: Option<String>,
    /// Which events are logged, such as info or debug.
    #[arg(long, value_name = "FILTER", global = true)]
    log: Option<String>,
    /// How they are written: text or json.
    #[arg(long, value_name = "FORMAT", global = true)]
    log_format: Option<String>,
}

impl Cli {
    /// The command, and where its settings come from.
    pub fn split(self) -> (Command, Sources) {
        let command = self
            .command
            .unwrap_or_else(|| Command::Serve(ServeArgs::default()));
        let flags = self.flags;
        let no_migrate = match &command {
            Command::Serve(serve) if serve.no_migrate => Some("false".to_owned()),
            _ => None,
        };
        let given = [
            ("store", flags.store, "--store"),
            ("listen", flags.listen, "--listen"),
            ("admin_listen", flags.admin_listen, "--admin-listen"),
            ("log", flags.log, "--log"),
            ("log_format", flags.log_format, "--log-format"),
            ("migrate", no_migrate, "--no-migrate"),
        ];
        let sources = Sources {
            file: flags.config,
            environment: crate::environment::variables(),
            flags: given
                .into_iter()
                .filter_map(|(name, value, flag)| Some((name, value?, flag)))
                .collect(),
        };
        (command, sources)
    }
}

/// What clap says about a wrong command line, as one line.
pub fn usage_failure(error: &clap::Error) -> Failure {
    let said = error.render().to_string();
    let cause = said.split("\n\nUsage:").next().unwrap_or_default();
    let cause = cause.split("\n\nFor more").next().unwrap_or_default();
    let cause = cause.strip_prefix("error: ").unwrap_or(cause);
    let cause = cause.replace("\n\n  tip: ", ", ");
    let cause = masked(&cause);
    Failure::usage(format_args!("{cause}; `hush-server --help` shows how"))
}

/// The text with all that looks like a token cut to its prefix: a secret that was given in the wrong place is not
/// repeated.
fn masked(text: &str) -> String {
    let mut parts = text.split(PREFIX);
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked += PREFIX;
        let rest = part.trim_start_matches(|character: char| character.is_ascii_alphanumeric());
        if rest.len() < part.len() {
            masked.push('…');
        }
        masked += rest;
    }
    masked
}
