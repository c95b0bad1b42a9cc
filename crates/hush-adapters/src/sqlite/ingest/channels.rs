//! A server's channels and threads.

use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::ids::{ChannelId, ServerId};
use sqlx::types::Json;
use sqlx::{SqliteConnection, query};

use crate::sqlite::failure::Failure;

/// Makes `channels` all that there are.
pub(super) async fn replace(
    transaction: &mut SqliteConnection,
    server: ServerId,
    channels: &[Channel],
) -> Result<(), Failure> {
    query(
        "DELETE FROM channels WHERE server_id = ?1 AND id NOT IN (SELECT value FROM json_each(?2))",
    )
    .bind(server.to_i64())
    .bind(ids(channels.iter().map(|channel| channel.id)))
    .execute(&mut *transaction)
    .await?;
    put(transaction, server, channels).await
}

/// Stores each channel in the place of what was known of it. Of one that is listed twice, the last counts.
pub(super) async fn put(
    transaction: &mut SqliteConnection,
    server: ServerId,
    channels: &[Channel],
) -> Result<(), Failure> {
    let rows: Vec<_> = channels
        .iter()
        .map(|channel| {
            let parent = channel.parent.map(ChannelId::to_i64);
            (
                channel.id.to_i64(),
                channel.name.as_str(),
                channel.kind.0,
                parent,
            )
        })
        .collect();
    query(
        "INSERT INTO channels (server_id, id, name, kind, parent_id)
         SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3
         FROM json_each(?2)
         WHERE true
         ORDER BY key
         ON CONFLICT (server_id, id) DO UPDATE
         SET name = excluded.name, kind = excluded.kind, parent_id = excluded.parent_id
         WHERE (channels.name, channels.kind, channels.parent_id)
             IS NOT (excluded.name, excluded.kind, excluded.parent_id)",
    )
    .bind(server.to_i64())
    .bind(Json(rows))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Deletes a channel with its threads. Whether the server had any of them.
pub(super) async fn delete(
    transaction: &mut SqliteConnection,
    server: ServerId,
    channel: ChannelId,
) -> Result<bool, Failure> {
    let deleted = query(
        "DELETE FROM channels
         WHERE server_id = ?1
           AND (id = ?2 OR (parent_id = ?2 AND kind IN (SELECT value FROM json_each(?3))))",
    )
    .bind(server.to_i64())
    .bind(channel.to_i64())
    .bind(thread_kinds())
    .execute(transaction)
    .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Makes `threads` all that `parents` have, or all that there are.
pub(super) async fn list_threads(
    transaction: &mut SqliteConnection,
    server: ServerId,
    parents: Option<&[ChannelId]>,
    threads: &[Channel],
) -> Result<(), Failure> {
    query(
        "DELETE FROM channels
         WHERE server_id = ?1 AND kind IN (SELECT value FROM json_each(?2))
           AND id NOT IN (SELECT value FROM json_each(?4))
           AND (?3 IS NULL OR parent_id IN (SELECT value FROM json_each(?3)))",
    )
    .bind(server.to_i64())
    .bind(thread_kinds())
    .bind(parents.map(|parents| ids(parents.iter().copied())))
    .bind(ids(threads.iter().map(|thread| thread.id)))
    .execute(&mut *transaction)
    .await?;
    put(transaction, server, threads).await
}

fn ids(channels: impl IntoIterator<Item = ChannelId>) -> Json<Vec<i64>> {
    Json(channels.into_iter().map(ChannelId::to_i64).collect())
}

/// The kinds of channels that are threads, as they are written down.
fn thread_kinds() -> Json<Vec<u8>> {
    let kinds = (0..=u8::MAX).filter(|kind| ChannelKind(*kind).is_thread());
    Json(kinds.collect())
}
