use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use hush_domain::audit::chain::Keyring;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// How to reach and use a database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is.
    pub url: DatabaseUrl,
    /// The most connections that serve requests. Ingest and upkeep have at most two more of
    /// their own.
    pub max_connections: NonZeroU32,
    /// What audit logs are chained with. Without a key, which is the default, by plain hashes.
    pub audit_keys: Keyring,
}

/// The address of a database with its password, which is why `Debug` shows only host, port and name.
///
/// It is parsed from `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; what it leaves out is taken from where libpq
/// takes it. `?sslmode=verify-full&sslrootcert=FILE` asks for TLS as libpq does.
#[derive(Clone)]
pub struct DatabaseUrl(PgConnectOptions);

/// The text is not the address of a PostgreSQL database. The message does not repeat the text: it may hold a
/// password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a database address, expected postgres://USER:PASSWORD@HOST:PORT/DATABASE: {reason}")]
pub struct InvalidDatabaseUrl {
    reason: String,
}

impl DatabaseUrl {
    pub(crate) fn options(&self) -> PgConnectOptions {
        // Statements are measured by us, and their failures logged once, at the edge.
        let options = self.0.clone().disable_statement_logging();
        match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("hush"),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let invalid = |reason: String| InvalidDatabaseUrl { reason };
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return Err(invalid("it starts with another scheme".to_owned()));
        }
        text.parse()
            .map(Self)
            .map_err(|error: sqlx::Error| invalid(error.to_string()))
    }
}

/// Host, port and name of the database, without anything secret.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.0.get_database().unwrap_or(self.0.get_username());
        match self.0.get_socket() {
            Some(socket) => write!(f, "{}:{}/{database}", socket.display(), self.0.get_port()),
            None => write!(f, "{}:{}/{database}", self.0.get_host(), self.0.get_port()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}
