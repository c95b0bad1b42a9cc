//! One member of a locked server at a time.

use hush_domain::events::{Generation, ListedMember};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::presence::Presence;
use sqlx::PgConnection;

use super::servers::Delta;
use crate::postgres::failure::Failure;
use crate::postgres::members::presence;
use crate::presences;

/// What counts of a member who is listed.
#[derive(Clone, Copy)]
pub(super) struct Known {
    bot: bool,
    presence: Presence,
    pub(super) generation: Option<Generation>,
}

/// Locks a member, if listed.
pub(super) async fn lock(
    transaction: &mut PgConnection,
    server: ServerId,
    user: UserId,
) -> Result<Option<Known>, Failure> {
    let row = sqlx::query!(
        "SELECT bot, presence, generation FROM members
         WHERE server_id = $1 AND user_id = $2 FOR UPDATE",
        server.to_i64(),
        user.to_i64(),
    )
    .fetch_optional(transaction)
    .await?;
    row.map(|row| {
        Ok(Known {
            bot: row.bot,
            presence: presence(row.presence)?,
            generation: row.generation.map(Generation),
        })
    })
    .transpose()
}

/// Lists `member` in the place of what was `known` of them.
pub(super) async fn put(
    transaction: &mut PgConnection,
    server: ServerId,
    member: &ListedMember,
    known: Option<Known>,
    generation: Option<Generation>,
) -> Result<Delta, Failure> {
    let now = Known {
        bot: member.user.bot,
        presence: member
            .presence
            .or(known.map(|known| known.presence))
            .unwrap_or_default(),
        generation,
    };
    let roles: Vec<_> = member.roles.iter().map(|role| role.to_i64()).collect();
    sqlx::query!(
        "INSERT INTO members
             (server_id, user_id, name, discriminator, bot, role_ids, presence, generation)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (server_id, user_id) DO UPDATE
         SET name = excluded.name, discriminator = excluded.discriminator, bot = excluded.bot,
             role_ids = excluded.role_ids, presence = excluded.presence,
             generation = excluded.generation",
        server.to_i64(),
        member.user.id.to_i64(),
        member.user.username.name(),
        member.user.username.discriminator().map(u16::cast_signed),
        now.bot,
        &roles,
        presences::code(now.presence),
        generation.map(|generation| generation.0),
    )
    .execute(transaction)
    .await?;
    Ok(delta(known, Some(now)))
}

/// Changes the presence of a locked member.
pub(super) async fn set_presence(
    transaction: &mut PgConnection,
    server: ServerId,
    user: UserId,
    known: Known,
    presence: Presence,
) -> Result<Delta, Failure> {
    sqlx::query!(
        "UPDATE members SET presence = $3 WHERE server_id = $1 AND user_id = $2",
        server.to_i64(),
        user.to_i64(),
        presences::code(presence),
    )
    .execute(transaction)
    .await?;
    Ok(delta(Some(known), Some(Known { presence, ..known })))
}

/// Removes a locked member.
pub(super) async fn remove(
    transaction: &mut PgConnection,
    server: ServerId,
    user: UserId,
    known: Known,
) -> Result<Delta, Failure> {
    sqlx::query!(
        "DELETE FROM members WHERE server_id = $1 AND user_id = $2",
        server.to_i64(),
        user.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(delta(Some(known), None))
}

/// Removes all members of a locked server. Returns how many.
pub(super) async fn remove_all(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<u64, Failure> {
    let removed = sqlx::query!("DELETE FROM members WHERE server_id = $1", server.to_i64())
        .execute(transaction)
        .await?;
    Ok(removed.rows_affected())
}

/// Removes whom no chunk of `generation` showed and who did not join since.
pub(super) async fn remove_unseen(
    transaction: &mut PgConnection,
    server: ServerId,
    generation: Generation,
) -> Result<(), Failure> {
    sqlx::query!(
        "DELETE FROM members WHERE server_id = $1 AND generation IS DISTINCT FROM $2",
        server.to_i64(),
        generation.0,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

fn delta(before: Option<Known>, after: Option<Known>) -> Delta {
    let change = |counts: fn(&Known) -> bool| {
        let number = |known: Option<Known>| i64::from(known.as_ref().is_some_and(counts));
        number(after) - number(before)
    };
    Delta {
        listed: change(|_| true),
        bots: change(|known| known.bot),
        online: change(|known| known.presence.is_online()),
    }
}
