//! The audit log: shown to servers' owners, and checked for the operator.

use std::sync::Arc;

use hush_domain::audit::chain::{Broken, End, Head, Keyring, Place, Row};
use hush_domain::ids::ServerId;
use hush_domain::operations::Operation;
use hush_ports::{AuditFilter, AuditLog, AuditPage, BackendError, Ends};

use crate::{Failure, Permit, Ports};

/// How many rows or logs are read at a time.
const BATCH: u16 = 1000;

/// A page of a server's log, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPage {
    /// The rows.
    pub rows: Vec<Row>,
    /// The number before which the next page goes on; `None` on the last page.
    pub next: Option<u64>,
}

/// A log in which nothing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Its newest row.
    pub head: Head,
    /// How many rows were looked at.
    pub rows: u64,
    /// How many of them have a key: only those are safe from whoever can write to the database.
    pub keyed: u64,
    /// Whether its end is sealed with a key.
    pub sealed_by_key: bool,
}

/// What is wrong with a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A row is not what it was.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// Rows at its end are gone.
    #[error("the log was cut off: row {due} is missing, and its end is row {head}")]
    CutOff {
        /// The first row that is missing.
        due: u64,
        /// The number of the newest row, as the log's end says.
        head: u64,
    },
    /// The newest row is not the one that the log's end says.
    #[error("row {0} is not the one that the end of the log says")]
    WrongHead(u64),
    /// The seal of one of its ends does not fit.
    #[error("the {} was changed: its seal does not fit", match .0 { End::Head => "end of the log", End::Checkpoint => "checkpoint of the log" })]
    Unsealed(End),
    /// It does not reach as far as it once did.
    #[error(
        "the log was cut off or put back: row {expected} is expected, and its end is row {head}"
    )]
    Behind {
        /// The number of the expected row.
        expected: u64,
        /// The number of the newest row.
        head: u64,
    },
    /// It holds another row than it once did.
    #[error("row {0} is another one than expected: the log was written anew")]
    Rewritten(u64),
    /// The expected row was removed by retention.
    #[error("row {0} is expected, and retention has removed it: compare with a newer head")]
    Retained(u64),
    /// It could not be carried out.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<BackendError> for VerifyError {
    fn from(error: BackendError) -> Self {
        Self::Failed(error.into())
    }
}

/// Shows and checks audit logs.
pub struct AuditLogs {
    log: Arc<dyn AuditLog>,
    keys: Keyring,
}

impl AuditLogs {
    pub(crate) fn new(ports: &Ports) -> Self {
        Self {
            log: ports.audit.clone(),
            keys: ports.audit_keys.clone(),
        }
    }

    /// At most `limit` rows of the addressed server's log that come before number `before`.
    pub async fn page(
        &self,
        permit: &Permit,
        filter: AuditFilter,
        before: Option<u64>,
        limit: u16,
    ) -> Result<RowPage, Failure> {
        let server = permit.server_for(Operation::ListAuditLog)?;
        let page = AuditPage {
            before,
            limit: limit.saturating_add(1),
        };
        let mut rows = self.log.page(server, filter, page).await?;
        let more = rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        let next = rows.last().filter(|_| more).map(|row| row.number);
        Ok(RowPage { rows, next })
    }

    /// The ends of every log, or of one server's, on the operator's permit.
    pub async fn ends(
        &self,
        permit: &Permit,
        server: Option<ServerId>,
    ) -> Result<Vec<Ends>, Failure> {
        permit.operator_for("reading audit logs")?;
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = self.log.ends(after, BATCH).await?;
            after = page.last().map(|ends| ends.server);
            let last = page.len() < usize::from(BATCH);
            let wanted = |ends: &Ends| server.is_none_or(|server| ends.server == server);
            all.extend(page.into_iter().filter(wanted));
            if last {
                return Ok(all);
            }
        }
    }

    /// The rows after number `after` of a server's log, oldest first, on the operator's permit. None at the end.
    pub async fn rows(
        &self,
        permit: &Permit,
        server: ServerId,
        after: u64,
    ) -> Result<Vec<Row>, Failure> {
        permit.operator_for("reading audit logs")?;
        Ok(self.log.rows(server, after, BATCH).await?)
    }

    /// Checks one log as far as `ends` says it reaches, and against a head that was kept elsewhere, on the operator's
    /// permit. What is written meanwhile is left for the next time.
    pub async fn verify(
        &self,
        permit: &Permit,
        ends: Ends,
        expected: Option<Place>,
    ) -> Result<Verified, VerifyError> {
        let server = ends.server;
        let mut walk = Walk::from(ends.checkpoint, expected);
        while walk.last.number < ends.head.number {
            let rows = self.rows(permit, server, walk.last.number).await?;
            let rows = rows.iter().filter(|row| row.number <= ends.head.number);
            let before = walk.last.number;
            for row in rows {
                walk.step(&self.keys, row)?;
            }
            if walk.last.number == before {
                return Err(VerifyError::CutOff {
                    due: before + 1,
                    head: ends.head.number,
                });
            }
        }
        if walk.last != ends.head {
            return Err(VerifyError::WrongHead(ends.head.number));
        }
        let Ends {
            head_seal,
            checkpoint,
            checkpoint_seal,
            ..
        } = ends;
        let keyed = walk.keyed > 0;
        if !self
            .keys
            .is_sealed(End::Head, server, ends.head, keyed, head_seal)
        {
            return Err(VerifyError::Unsealed(End::Head));
        }
        let keyed = walk.begins_keyed;
        if !self
            .keys
            .is_checkpoint(server, checkpoint, keyed, checkpoint_seal)
        {
            return Err(VerifyError::Unsealed(End::Checkpoint));
        }
        let by_key = self
            .keys
            .is_sealed(End::Head, server, ends.head, true, head_seal);
        walk.finish(ends, by_key)
    }
}

/// One log, row by row.
struct Walk {
    last: Place,
    expected: Option<Place>,
    found: bool,
    rows: u64,
    keyed: u64,
    /// Whether the first row has a key.
    begins_keyed: bool,
}

impl Walk {
    fn from(checkpoint: Place, expected: Option<Place>) -> Self {
        Self {
            last: checkpoint,
            expected,
            found: expected == Some(checkpoint),
            rows: 0,
            keyed: 0,
            begins_keyed: false,
        }
    }

    fn step(&mut self, keys: &Keyring, row: &Row) -> Result<(), VerifyError> {
        keys.verify(self.last, self.keyed > 0, row)?;
        self.last = row.place();
        self.begins_keyed |= self.rows == 0 && row.key.is_some();
        self.rows += 1;
        self.keyed += u64::from(row.key.is_some());
        match self.expected {
            Some(expected) if expected.number == row.number => {
                self.found = expected == row.place();
                if self.found {
                    Ok(())
                } else {
                    Err(VerifyError::Rewritten(row.number))
                }
            }
            _ => Ok(()),
        }
    }

    fn finish(self, ends: Ends, sealed_by_key: bool) -> Result<Verified, VerifyError> {
        match self.expected {
            Some(expected) if !self.found && expected.number > ends.head.number => {
                Err(VerifyError::Behind {
                    expected: expected.number,
                    head: ends.head.number,
                })
            }
            Some(expected) if !self.found && expected.number == ends.checkpoint.number => {
                Err(VerifyError::Rewritten(expected.number))
            }
            Some(expected) if !self.found => Err(VerifyError::Retained(expected.number)),
            _ => Ok(Verified {
                head: Head {
                    server: ends.server,
                    place: ends.head,
                },
                rows: self.rows,
                keyed: self.keyed,
                sealed_by_key,
            }),
        }
    }
}
