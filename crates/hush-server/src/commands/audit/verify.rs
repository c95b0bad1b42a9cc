//! `audit verify`: whether each log is as it was written.

use hush_app::{AuditLogs, Permit, Verified, VerifyError};
use hush_domain::audit::chain::{Head, Keyring, Place};
use hush_domain::ids::ServerId;
use hush_ports::Ends;

use crate::cli::VerifyArgs;
use crate::failure::Failure;
use crate::output;

pub(super) async fn run(
    logs: &AuditLogs,
    permit: &Permit,
    wanted: &VerifyArgs,
    keys: &Keyring,
) -> Result<(), Failure> {
    if let Some(server) = wanted.server
        && let Some(other) = wanted.heads.iter().find(|head| head.server != server)
    {
        return Err(Failure::usage(format_args!(
            "--expect-head names server {}, whose log --server {server} leaves out: correct one of them",
            other.server
        )));
    }
    let all = logs.ends(permit, wanted.server).await?;
    let mut wrong = false;
    for ends in &all {
        for expected in expected(ends.server, &wanted.heads) {
            match verified(logs, permit, *ends, expected).await? {
                Ok(found) => {
                    output::line(&said(&found, keys))?;
                    let is_safe = found.sealed_by_key || keys.is_empty();
                    wrong |= !is_safe && !wanted.allow_unkeyed;
                }
                Err(finding) => {
                    output::line(&format!("server {}: {finding}", ends.server))?;
                    wrong = true;
                }
            }
        }
    }
    let has_log = |head: &Head| all.iter().any(|ends| ends.server == head.server);
    for head in wanted.heads.iter().filter(|head| !has_log(head)) {
        output::line(&format!(
            "server {}: the log is gone: row {} is expected",
            head.server, head.place.number
        ))?;
        wrong = true;
    }
    if wrong {
        return Err(Failure::operation(
            "not every audit log is as it was written: keep the database as it is, and compare it \
             with a backup or an export",
        ));
    }
    if keys.is_empty() {
        output::aside(
            "no audit key is configured: that finds damage, and no careful forgery (docs/audit.md)",
        );
    }
    Ok(())
}

/// What is expected of a server's log, one after the other: nothing in particular, if nobody said anything.
fn expected(server: ServerId, heads: &[Head]) -> Vec<Option<Place>> {
    let own = heads.iter().filter(|head| head.server == server);
    let places: Vec<_> = own.map(|head| Some(head.place)).collect();
    if places.is_empty() {
        vec![None]
    } else {
        places
    }
}

/// What was verified, or what is wrong with the log. The outer error is a check that could not be carried out.
async fn verified(
    logs: &AuditLogs,
    permit: &Permit,
    ends: Ends,
    expected: Option<Place>,
) -> Result<Result<Verified, VerifyError>, Failure> {
    match logs.verify(permit, ends, expected).await {
        Err(VerifyError::Failed(failure)) => Err(failure.into()),
        checked => Ok(checked),
    }
}

fn said(found: &Verified, keys: &Keyring) -> String {
    let Head { server, place } = found.head;
    let rows = match found.rows {
        0 => "no row is left".to_owned(),
        rows => format!(
            "rows {} to {} verified",
            place.number - rows + 1,
            place.number
        ),
    };
    let keyed = match found.keyed {
        _ if found.rows == 0 => String::new(),
        0 if !keys.is_empty() => {
            ", none of them keyed although a key is configured: whoever can write \
                                  to the database could have written them anew (--allow-unkeyed if they \
                                  are older than the key)"
                .to_owned()
        }
        0 => ", none of them keyed".to_owned(),
        all if all == found.rows => ", all of them keyed".to_owned(),
        some => format!(", {some} of them keyed"),
    };
    format!("server {server}: {rows}{keyed}; head {}", found.head)
}
