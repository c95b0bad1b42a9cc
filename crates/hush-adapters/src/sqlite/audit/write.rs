//! Writing into audit logs.

use std::collections::BTreeMap;

use hush_domain::audit::chain::{End, Head, Keyring, Link, Place, Row};
use hush_domain::audit::{Act, Details, Entry, RequestId};
use hush_domain::ids::{ServerId, TokenId, UserId};
use sqlx::SqliteConnection;

use super::number;
use crate::sqlite::failure::Failure;
use crate::stored::{link, place};

/// Writes what was done into the logs of its servers, in ascending order of token and then server.
pub(in crate::sqlite) async fn write(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    act: &Act,
    mut entries: Vec<Entry>,
) -> Result<(), Failure> {
    entries.sort_by_key(|entry| (entry.target.id(), entry.server));
    let mut heads = BTreeMap::new();
    for entry in entries {
        let server = entry.server;
        let (before, last) = if let Some(known) = heads.remove(&server) {
            known
        } else {
            let before = head(transaction, keys, server).await?;
            let last = before.place;
            (before, last)
        };
        let row = keys.append(last, act, entry);
        insert(transaction, &row).await?;
        heads.insert(server, (before, row.place()));
    }
    for (server, (before, head)) in heads {
        let newest = Head {
            server,
            place: before.place,
        };
        let sealed = keys.reseal(newest, before.keyed, before.seal, head);
        seal(transaction, keys, server, head, sealed).await?;
    }
    Ok(())
}

/// The newest row of a log.
struct Newest {
    place: Place,
    seal: Link,
    keyed: bool,
}

/// The newest row of a server's log.
async fn head(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    server: ServerId,
) -> Result<Newest, Failure> {
    let head: Option<(i64, Vec<u8>, Vec<u8>, bool)> = sqlx::query_as(
        "SELECT h.number, h.link, h.seal,
                EXISTS (SELECT 1 FROM audit_rows r WHERE r.server_id = h.server_id
                        AND r.number = h.number AND r.key_id IS NOT NULL)
         FROM audit_heads h WHERE h.server_id = ?1",
    )
    .bind(server.to_i64())
    .fetch_optional(transaction)
    .await?;
    Ok(match head {
        Some((number, at, seal, keyed)) => Newest {
            place: place(number, &at)?,
            seal: link(&seal)?,
            keyed,
        },
        None => Newest {
            place: Place::START,
            seal: keys.seal(End::Head, server, Place::START),
            keyed: false,
        },
    })
}

async fn insert(transaction: &mut SqliteConnection, row: &Row) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO audit_rows
             (server_id, number, at, actor, actor_token_id, actor_user_id, action, target_token_id,
              target_user_id, before, after, request_id, commitment, key_id, link)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )
    .bind(row.server.to_i64())
    .bind(number(row.number))
    .bind(row.at.unix_micros())
    .bind(row.actor.kind().as_str())
    .bind(row.actor.token().map(TokenId::to_i64))
    .bind(row.actor.user().map(UserId::to_i64))
    .bind(row.action.as_str())
    .bind(row.target.id().map(u64::cast_signed))
    .bind(row.target.user().map(UserId::to_i64))
    .bind(row.before.as_ref().map(Details::as_str))
    .bind(row.after.as_ref().map(Details::as_str))
    .bind(row.request_id.as_ref().map(RequestId::as_str))
    .bind(row.commitment.as_ref().map(<[u8; 32]>::as_slice))
    .bind(row.key.as_ref().map(|key| key.as_bytes().as_slice()))
    .bind(row.link.as_bytes().as_slice())
    .execute(&mut *transaction)
    .await?;
    if let Some(reason) = &row.reason {
        sqlx::query(
            "INSERT INTO audit_reasons (server_id, number, text, salt) VALUES (?1, ?2, ?3, ?4)",
        )
        .bind(row.server.to_i64())
        .bind(number(row.number))
        .bind(reason.text.as_str())
        .bind(reason.salt.as_slice())
        .execute(transaction)
        .await?;
    }
    Ok(())
}

/// Moves the head of a server's log to its newest row. A log that is new has lost no row yet.
async fn seal(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    server: ServerId,
    head: Place,
    sealed: Link,
) -> Result<(), sqlx::Error> {
    let start = Place::START;
    sqlx::query(
        "INSERT INTO audit_heads
             (server_id, number, link, seal, checkpoint_number, checkpoint_link, checkpoint_seal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (server_id) DO UPDATE
         SET number = excluded.number, link = excluded.link, seal = excluded.seal",
    )
    .bind(server.to_i64())
    .bind(number(head.number))
    .bind(head.link.as_bytes().as_slice())
    .bind(sealed.as_bytes().as_slice())
    .bind(number(start.number))
    .bind(start.link.as_bytes().as_slice())
    .bind(
        keys.seal(End::Checkpoint, server, start)
            .as_bytes()
            .as_slice(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
