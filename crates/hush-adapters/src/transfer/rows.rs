//! What is between two stores: rows as JSON arrays, which each database writes and reads by itself.
//!
//! Ids, permissions and counts are integers, and so are times: in microseconds since the Unix epoch. Bytes are
//! hexadecimal. Both databases keep integers of 64 bits exact in JSON.

use async_trait::async_trait;

/// How many rows are read at once.
pub(super) const PAGE: i64 = 2000;

/// What a store holds, in the order in which it is copied. Who leads the feed and where its connections stand stays behind:
/// whoever follows the platform into the copy begins anew, as long as it may begin at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// `[id, name, owner, member count, generation, presences known, listed, bots, online, as of,
    /// following]`.
    Servers,
    /// `[server, id, name, position, permissions, managed]`.
    Roles,
    /// `[server, id, name, kind, parent]`.
    Channels,
    /// `[server, user, name, discriminator, bot, [role, …], presence, generation]`.
    Members,
    /// `[id, digest, user, name, hint, [server, …], [scope, …], created at, expires at, revoked at, parent, last used
    /// at]`.
    Tokens,
    /// `[digest, token, until]`.
    FormerSecrets,
    /// Requests that may be sent again: `[token, route, key, fingerprint, answer, at]`.
    Requests,
    /// `[server, minute, token, requests]`.
    Usage,
    /// `[server, hour, of members, bots and those online each: samples, lowest, highest, last]`.
    Samples,
    /// `[server, API enabled, [role, …]]`.
    Settings,
    /// `[server, at]`.
    Departures,
    /// `[id, server, type, body, token, user, request, reason, salt, created at, not after, started at, ended at, attempts,
    /// state, code, report, run at, unsure]`, in the order in which they were queued. Nobody works on a copy, so what somebody
    /// worked on may have been carried out.
    Commands,
    /// `[command, kind, target]`.
    CommandTargets,
    /// `[server, number, at, actor, its token, its user, action, target's token, its user, before, after, request,
    /// commitment, key, link]`.
    AuditRows,
    /// `[server, number, text, salt]`.
    AuditReasons,
    /// `[server, number, link, seal, checkpoint's number, its link, its seal]`.
    AuditHeads,
    /// What the limiter remembers: `[kind, key, [admission, …]]`, any number of them for a bucket.
    Admissions,
}

impl Table {
    pub(super) const ALL: [Self; 17] = [
        Self::Servers,
        Self::Roles,
        Self::Channels,
        Self::Members,
        Self::Tokens,
        Self::FormerSecrets,
        Self::Requests,
        Self::Usage,
        Self::Samples,
        Self::Settings,
        Self::Departures,
        Self::Commands,
        Self::CommandTargets,
        Self::AuditRows,
        Self::AuditReasons,
        Self::AuditHeads,
        Self::Admissions,
    ];
}

/// Where a page ends and the next one goes on. What has a key of one column leaves the second alone; what has no key of
/// two numbers is numbered within its first one, which stays so as long as the source is one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(pub(super) i64, pub(super) i64);

impl Key {
    /// Before every row.
    pub(super) const FIRST: Self = Self(i64::MIN, i64::MIN);
}

/// A row with its key.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row(i64, i64, String);

impl Row {
    pub(super) fn key(&self) -> Key {
        Key(self.0, self.1)
    }
}

/// How a database reads and takes a table.
pub(super) struct Statements {
    /// Finds the next rows, each as a [`Row`]: after the key that the first two parameters are, at most as many as the
    /// third says.
    pub(super) page: &'static str,
    /// Takes the array of rows that the only parameter is.
    pub(super) put: &'static str,
}

/// Rows as one JSON array.
pub(super) fn array(rows: &[Row]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| row.2.as_str()).collect();
    format!("[{}]", rows.join(","))
}

/// One state of a store, being read.
#[async_trait]
pub(super) trait Source: Send {
    /// The next rows by their key, none at the end.
    async fn page(&mut self, table: Table, after: Key) -> Result<Vec<Row>, sqlx::Error>;
}

/// A store that takes everything or, if it is dropped, nothing.
#[async_trait]
pub(super) trait Target: Send {
    /// Whether it holds nothing. Nobody else can change that any more. A session of the feed is something: whoever went on
    /// with it would not hear what the copied servers missed.
    async fn is_empty(&mut self) -> Result<bool, sqlx::Error>;
    /// Takes an array of rows, and returns how many they are.
    async fn put(&mut self, table: Table, rows: String) -> Result<u64, sqlx::Error>;
    /// Keeps what it took.
    async fn commit(self: Box<Self>) -> Result<(), sqlx::Error>;
}

/// How much was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Servers.
    pub servers: u64,
    /// Roles in all of them.
    pub roles: u64,
    /// Members in all of them.
    pub members: u64,
    /// Tokens, those that are no longer live among them.
    pub tokens: u64,
    /// Rows of audit logs.
    pub audit_rows: u64,
    /// Commands, those that have ended among them.
    pub commands: u64,
    /// Requests that the limiter remembers.
    pub admissions: u64,
}

impl Copied {
    pub(super) fn add(&mut self, table: Table, rows: u64) {
        let copied = match table {
            Table::Servers => &mut self.servers,
            Table::Roles => &mut self.roles,
            Table::Members => &mut self.members,
            Table::Tokens => &mut self.tokens,
            Table::AuditRows => &mut self.audit_rows,
            Table::Admissions => &mut self.admissions,
            Table::Commands => &mut self.commands,
            Table::Channels
            | Table::FormerSecrets
            | Table::Requests
            | Table::Usage
            | Table::Samples
            | Table::Settings
            | Table::Departures
            | Table::CommandTargets
            | Table::AuditReasons
            | Table::AuditHeads => return,
        };
        *copied += rows;
    }
}
