//! A locked server's channels and threads.

use std::collections::BTreeMap;

use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::ids::{ChannelId, ServerId};
use sqlx::PgConnection;

use crate::postgres::failure::Failure;

/// Makes `channels` all that there are.
pub(super) async fn replace(
    transaction: &mut PgConnection,
    server: ServerId,
    channels: &[Channel],
) -> Result<(), Failure> {
    let listed = ids(channels.iter().map(|channel| channel.id));
    sqlx::query!(
        "DELETE FROM channels WHERE server_id = $1 AND id <> ALL ($2)",
        server.to_i64(),
        &listed,
    )
    .execute(&mut *transaction)
    .await?;
    put(transaction, server, channels).await
}

/// Stores each channel in the place of what was known of it.
pub(super) async fn put(
    transaction: &mut PgConnection,
    server: ServerId,
    channels: &[Channel],
) -> Result<(), Failure> {
    // Of a channel that is listed twice, the last counts.
    let channels: BTreeMap<_, _> = channels.iter().map(|it| (it.id, it)).collect();
    let listed = ids(channels.keys().copied());
    let channels = || channels.values();
    let names: Vec<_> = channels().map(|it| it.name.as_str().to_owned()).collect();
    let kinds: Vec<_> = channels().map(|it| i16::from(it.kind.0)).collect();
    let parents: Vec<_> = channels()
        .map(|it| it.parent.map(ChannelId::to_i64))
        .collect();
    sqlx::query!(
        "INSERT INTO channels (server_id, id, name, kind, parent_id)
         SELECT $1, listed.id, listed.name, listed.kind, listed.parent_id
         FROM unnest($2::bigint[], $3::text[], $4::smallint[], $5::bigint[])
             AS listed (id, name, kind, parent_id)
         ON CONFLICT (server_id, id) DO UPDATE
         SET name = excluded.name, kind = excluded.kind, parent_id = excluded.parent_id
         WHERE (channels.name, channels.kind, channels.parent_id)
             IS DISTINCT FROM (excluded.name, excluded.kind, excluded.parent_id)",
        server.to_i64(),
        &listed,
        &names,
        &kinds,
        &parents as &[Option<i64>],
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Deletes a channel with its threads. Whether the server had any of them.
pub(super) async fn delete(
    transaction: &mut PgConnection,
    server: ServerId,
    channel: ChannelId,
) -> Result<bool, Failure> {
    let deleted = sqlx::query!(
        "DELETE FROM channels
         WHERE server_id = $1 AND (id = $2 OR (parent_id = $2 AND kind = ANY ($3)))",
        server.to_i64(),
        channel.to_i64(),
        &thread_kinds(),
    )
    .execute(transaction)
    .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Makes `threads` all that `parents` have, or all that there are.
pub(super) async fn list_threads(
    transaction: &mut PgConnection,
    server: ServerId,
    parents: Option<&[ChannelId]>,
    threads: &[Channel],
) -> Result<(), Failure> {
    let parents = parents.map(|parents| ids(parents.iter().copied()));
    sqlx::query!(
        "DELETE FROM channels
         WHERE server_id = $1 AND kind = ANY ($2) AND id <> ALL ($4)
           AND ($3::bigint[] IS NULL OR parent_id = ANY ($3))",
        server.to_i64(),
        &thread_kinds(),
        parents.as_deref(),
        &ids(threads.iter().map(|thread| thread.id)),
    )
    .execute(&mut *transaction)
    .await?;
    put(transaction, server, threads).await
}

fn ids(channels: impl IntoIterator<Item = ChannelId>) -> Vec<i64> {
    channels.into_iter().map(ChannelId::to_i64).collect()
}

/// The kinds of channels that are threads, as they are written down.
fn thread_kinds() -> Vec<i16> {
    let kinds = (0..=u8::MAX).filter(|kind| ChannelKind(*kind).is_thread());
    kinds.map(i16::from).collect()
}
