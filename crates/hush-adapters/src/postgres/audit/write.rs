//! Writing into audit logs.

use std::collections::{BTreeMap, BTreeSet};

use hush_domain::audit::chain::{End, Head, Keyring, Link, Place, Row};
use hush_domain::audit::{Act, Details, Entry, RequestId};
use hush_domain::ids::{ServerId, TokenId, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::number;
use crate::postgres::failure::Failure;
use crate::stored::{link, place, server_id};

/// Writes what was done into the logs of its servers, in ascending order of token and then server. The logs stay locked
/// until the transaction ends, so this comes after everything else that may have to wait.
pub(in crate::postgres) async fn write(
    transaction: &mut PgConnection,
    keys: &Keyring,
    act: &Act,
    mut entries: Vec<Entry>,
) -> Result<(), Failure> {
    entries.sort_by_key(|entry| (entry.target.id(), entry.server));
    let servers: BTreeSet<_> = entries.iter().map(|entry| entry.server).collect();
    let before = lock(transaction, keys, &servers).await?;
    let mut heads: BTreeMap<_, _> = before
        .iter()
        .map(|(server, newest)| (*server, newest.place))
        .collect();
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let head = heads.entry(entry.server).or_insert(Place::START);
        let row = keys.append(*head, act, entry);
        *head = row.place();
        rows.push(row);
    }
    insert(transaction, &rows).await?;
    seal(transaction, keys, &before, &heads).await
}

/// The newest row of a locked log.
struct Newest {
    place: Place,
    seal: Link,
    keyed: bool,
}

/// Locks the logs of `servers` by id, and returns the newest row of each. A log that is new has lost no row yet.
async fn lock(
    transaction: &mut PgConnection,
    keys: &Keyring,
    servers: &BTreeSet<ServerId>,
) -> Result<BTreeMap<ServerId, Newest>, Failure> {
    let ids: Vec<_> = servers.iter().map(|server| server.to_i64()).collect();
    let seals = |end: End| -> Vec<_> {
        let servers = servers.iter();
        servers
            .map(|server| bytes(keys.seal(end, *server, Place::START)))
            .collect()
    };
    let heads = sqlx::query!(
        "INSERT INTO audit_heads
             (server_id, number, link, seal, checkpoint_number, checkpoint_link, checkpoint_seal)
         SELECT server_id, 0, $4, head_seal, 0, $4, checkpoint_seal
         FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])
             AS logs (server_id, head_seal, checkpoint_seal)
         ORDER BY server_id
         ON CONFLICT (server_id) DO UPDATE SET number = audit_heads.number
         RETURNING server_id, number, link, seal",
        &ids,
        &seals(End::Head),
        &seals(End::Checkpoint),
        Link::START.as_bytes(),
    )
    .fetch_all(&mut *transaction)
    .await?;
    // Another statement, so that it sees the rows of those for whose locks this waited.
    let keyed = sqlx::query_scalar!(
        "SELECT h.server_id FROM audit_heads h
         JOIN audit_rows r ON r.server_id = h.server_id AND r.number = h.number
         WHERE h.server_id = ANY ($1) AND r.key_id IS NOT NULL",
        &ids,
    )
    .fetch_all(transaction)
    .await?;
    heads
        .into_iter()
        .map(|head| {
            let newest = Newest {
                place: place(head.number, &head.link)?,
                seal: link(&head.seal)?,
                keyed: keyed.contains(&head.server_id),
            };
            Ok((server_id(head.server_id)?, newest))
        })
        .collect()
}

/// Inserts rows, which have all in common that comes from the act.
async fn insert(transaction: &mut PgConnection, rows: &[Row]) -> Result<(), Failure> {
    let Some(act) = rows.first() else {
        return Ok(());
    };
    let details = |details: fn(&Row) -> Option<&Details>| -> Vec<_> {
        let texts = rows.iter().map(details);
        texts
            .map(|it| it.map(|it| it.as_str().to_owned()))
            .collect()
    };
    let servers: Vec<_> = rows.iter().map(|row| row.server.to_i64()).collect();
    let numbers: Vec<_> = rows.iter().map(|row| number(row.number)).collect();
    let actions: Vec<_> = rows
        .iter()
        .map(|row| row.action.as_str().to_owned())
        .collect();
    let tokens: Vec<_> = rows
        .iter()
        .map(|row| row.target.id().map(u64::cast_signed))
        .collect();
    let users: Vec<_> = rows
        .iter()
        .map(|row| row.target.user().map(UserId::to_i64))
        .collect();
    let links: Vec<_> = rows.iter().map(|row| bytes(row.link)).collect();
    sqlx::query!(
        "INSERT INTO audit_rows
             (server_id, number, at, actor, actor_token_id, actor_user_id, action, target_token_id,
              target_user_id, before, after, request_id, commitment, key_id, link)
         SELECT server_id, number, $9, $10, $11, $12, action, token_id, user_id, before, after, $13, $14, $15, link
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
                     $7::text[], $8::bytea[])
             AS rows (server_id, number, action, token_id, user_id, before, after, link)",
        &servers,
        &numbers,
        &actions,
        &tokens as &[Option<i64>],
        &users as &[Option<i64>],
        &details(|row| row.before.as_ref()) as &[Option<String>],
        &details(|row| row.after.as_ref()) as &[Option<String>],
        &links,
        OffsetDateTime::from(act.at),
        act.actor.kind().as_str(),
        act.actor.token().map(TokenId::to_i64),
        act.actor.user().map(UserId::to_i64),
        act.request_id.as_ref().map(RequestId::as_str),
        act.commitment.as_ref().map(<[u8; 32]>::as_slice),
        act.key.as_ref().map(|key| key.as_bytes().as_slice()),
    )
    .execute(&mut *transaction)
    .await?;
    if let Some(reason) = &act.reason {
        sqlx::query!(
            "INSERT INTO audit_reasons (server_id, number, text, salt)
             SELECT server_id, number, $3, $4
             FROM unnest($1::bigint[], $2::bigint[]) AS rows (server_id, number)",
            &servers,
            &numbers,
            reason.text.as_str(),
            reason.salt.as_slice(),
        )
        .execute(transaction)
        .await?;
    }
    Ok(())
}

/// Moves the head of each log to its newest row.
async fn seal(
    transaction: &mut PgConnection,
    keys: &Keyring,
    before: &BTreeMap<ServerId, Newest>,
    heads: &BTreeMap<ServerId, Place>,
) -> Result<(), Failure> {
    let servers: Vec<_> = heads.keys().map(|server| server.to_i64()).collect();
    let numbers: Vec<_> = heads.values().map(|head| number(head.number)).collect();
    let links: Vec<_> = heads.values().map(|head| bytes(head.link)).collect();
    let sealed = |server: &ServerId, head: Place| match before.get(server) {
        Some(newest) => {
            let (server, place) = (*server, newest.place);
            keys.reseal(Head { server, place }, newest.keyed, newest.seal, head)
        }
        None => keys.seal(End::Head, *server, head),
    };
    let seals: Vec<_> = heads
        .iter()
        .map(|(server, head)| bytes(sealed(server, *head)))
        .collect();
    sqlx::query!(
        "UPDATE audit_heads h SET number = newest.number, link = newest.link, seal = newest.seal
         FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])
             AS newest (server_id, number, link, seal)
         WHERE h.server_id = newest.server_id",
        &servers,
        &numbers,
        &links,
        &seals,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

fn bytes(link: Link) -> Vec<u8> {
    link.as_bytes().to_vec()
}
