//! A server's own row: its lock, and the counts that it keeps.

use std::collections::HashSet;

use hush_domain::events::Generation;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::servers::ServerName;
use hush_domain::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::members;
use crate::postgres::failure::Failure;
use crate::postgres::members::online_codes;
use crate::stored::server_id;

/// A server that nobody else can change until the transaction ends.
pub(super) struct Locked {
    pub(super) id: ServerId,
    /// The number of members as the platform says it, while the list is partial.
    pub(super) member_count: Option<i64>,
    /// The series of member chunks that is awaited, if one is.
    pub(super) generation: Option<Generation>,
}

/// By how much kept counts change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Delta {
    pub(super) listed: i64,
    pub(super) bots: i64,
    pub(super) online: i64,
}

/// Locks `server`, if it is known. Every change of a server or its members begins here.
pub(super) async fn lock(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<Option<Locked>, Failure> {
    let row = sqlx::query!(
        "SELECT member_count, nullif(generation, 0) AS generation FROM servers WHERE id = $1 FOR UPDATE",
        server.to_i64(),
    )
    .fetch_optional(transaction)
    .await?;
    Ok(row.map(|row| Locked {
        id: server,
        member_count: row.member_count,
        generation: row.generation.map(Generation),
    }))
}

/// Locks those of `servers` that are known, by id, and returns them.
pub(super) async fn lock_all(
    transaction: &mut PgConnection,
    servers: impl IntoIterator<Item = ServerId>,
) -> Result<HashSet<ServerId>, Failure> {
    let ids: Vec<_> = servers.into_iter().map(ServerId::to_i64).collect();
    let locked = sqlx::query_scalar!(
        "SELECT id FROM servers WHERE id = ANY ($1) ORDER BY id FOR UPDATE",
        &ids,
    )
    .fetch_all(transaction)
    .await?;
    locked.into_iter().map(|id| Ok(server_id(id)?)).collect()
}

/// Locks `server` and says whether it is known. Only then there is something to lock.
pub(in crate::postgres) async fn hold(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<bool, Failure> {
    Ok(lock(transaction, server).await?.is_some())
}

impl Locked {
    /// Changes the kept counts by `delta` and the platform's count to `member_count`. Their time moves only if
    /// one of them does.
    pub(super) async fn count(
        &self,
        transaction: &mut PgConnection,
        delta: Delta,
        member_count: Option<i64>,
        received_at: Timestamp,
    ) -> Result<(), Failure> {
        if delta == Delta::default() && member_count == self.member_count {
            return Ok(());
        }
        sqlx::query!(
            "UPDATE servers
             SET listed = listed + $2, bots = bots + $3, online = online + $4,
                 member_count = $5, as_of = greatest(as_of, $6)
             WHERE id = $1",
            self.id.to_i64(),
            delta.listed,
            delta.bots,
            delta.online,
            member_count,
            OffsetDateTime::from(received_at),
        )
        .execute(transaction)
        .await?;
        Ok(())
    }
}

/// Counts the members of a locked server anew, which is only for changes that look at all of them anyway.
pub(super) async fn recount(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE servers
         SET (listed, bots, online) = (
             SELECT count(*), count(*) FILTER (WHERE bot),
                    count(*) FILTER (WHERE presence = ANY ($2))
             FROM members WHERE server_id = $1
         )
         WHERE id = $1",
        server.to_i64(),
        &online_codes(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// The list of a locked server's members is complete from now on.
pub(super) async fn complete(
    transaction: &mut PgConnection,
    server: ServerId,
    received_at: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE servers SET member_count = NULL, generation = NULL, as_of = greatest(as_of, $2)
         WHERE id = $1",
        server.to_i64(),
        OffsetDateTime::from(received_at),
    )
    .execute(&mut *transaction)
    .await?;
    recount(transaction, server).await
}

/// Gives a locked server another name or owner.
pub(super) async fn rename(
    transaction: &mut PgConnection,
    server: ServerId,
    name: &ServerName,
    owner: UserId,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE servers SET name = $2, owner_id = $3 WHERE id = $1",
        server.to_i64(),
        name.as_str(),
        owner.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Notes that the platform can say nothing of a locked server for a while. Whether it could before, and the feed follows it.
pub(super) async fn lose_sight(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<bool, Failure> {
    let lost = sqlx::query!(
        "UPDATE servers SET following = 2 WHERE id = $1 AND following = 1",
        server.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(lost.rows_affected() > 0)
}

/// Removes a locked server with its roles, channels and members. Returns how many members it had.
pub(in crate::postgres) async fn remove(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<u64, Failure> {
    let id = server.to_i64();
    let members = members::remove_all(transaction, server).await?;
    sqlx::query!("DELETE FROM roles WHERE server_id = $1", id)
        .execute(&mut *transaction)
        .await?;
    sqlx::query!("DELETE FROM channels WHERE server_id = $1", id)
        .execute(&mut *transaction)
        .await?;
    sqlx::query!("DELETE FROM servers WHERE id = $1", id)
        .execute(transaction)
        .await?;
    Ok(members)
}
