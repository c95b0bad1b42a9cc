//! What each event does.

use hush_domain::events::{Change, Generation, ListedMember};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::presence::Presence;
use hush_domain::servers::ServerName;
use hush_domain::time::Timestamp;
use sqlx::types::Json;
use sqlx::{SqliteConnection, query, query_as, query_scalar};

use super::{channels, roles};
use crate::presences;
use crate::sqlite::failure::Failure;
use crate::sqlite::staging;

/// A server in which one event is carried out. Each method says whether the event had anything to say.
pub(super) struct Changing<'t> {
    transaction: &'t mut SqliteConnection,
    server: ServerId,
    received_at: Timestamp,
    before: Counted,
}

/// What a server says of its members.
#[derive(sqlx::FromRow)]
struct Counted {
    listed: i64,
    bots: i64,
    online: i64,
    /// The number of members as the platform says it, while the list is partial.
    member_count: Option<i64>,
    /// The series of member chunks that is awaited, while the list is partial.
    generation: Option<i64>,
}

impl<'t> Changing<'t> {
    /// `server`, if it is known.
    pub(super) async fn of(
        transaction: &'t mut SqliteConnection,
        server: ServerId,
        received_at: Timestamp,
    ) -> Result<Option<Self>, Failure> {
        let before: Option<Counted> = query_as(
            "SELECT listed, bots, online, member_count, nullif(generation, 0) AS generation
             FROM servers WHERE id = ?1",
        )
        .bind(server.to_i64())
        .fetch_optional(&mut *transaction)
        .await?;
        Ok(before.map(|before| Self {
            transaction,
            server,
            received_at,
            before,
        }))
    }

    /// Carries out `change`, whose chunk is staged if it is one.
    pub(super) async fn apply(&mut self, change: Change) -> Result<bool, Failure> {
        match change {
            Change::MemberChunk {
                generation, last, ..
            } => self.chunk(generation, last).await,
            Change::MemberJoined(member) => self.join(&member).await,
            Change::MemberChanged(member) => self.change(&member).await,
            Change::MemberSeen(member) => self.see(&member).await,
            Change::MemberLeft(user) => self.leave(user).await,
            Change::PresenceChanged { user, presence } => self.set_presence(user, presence).await,
            Change::RoleChanged(role) => {
                roles::put(self.transaction, self.server, &role).await?;
                Ok(true)
            }
            Change::RoleDeleted(role) => roles::delete(self.transaction, self.server, role).await,
            Change::ChannelChanged(channel) => {
                channels::put(self.transaction, self.server, &[channel]).await?;
                Ok(true)
            }
            Change::ChannelDeleted(channel) => {
                channels::delete(self.transaction, self.server, channel).await
            }
            Change::ThreadsListed { parents, threads } => {
                let parents = parents.as_deref();
                channels::list_threads(self.transaction, self.server, parents, &threads).await?;
                Ok(true)
            }
            Change::ServerUnavailable => self.lose_sight().await,
            Change::ServerChanged { name, owner } => self.rename(&name, owner).await,
            Change::ServerRemoved => self.remove().await,
        }
    }

    /// Moves the counts' time if one of them has changed.
    pub(super) async fn finish(self) -> Result<(), Failure> {
        let Counted {
            listed,
            bots,
            online,
            member_count,
            generation: _,
        } = self.before;
        query(
            "UPDATE servers SET as_of = max(as_of, ?2)
             WHERE id = ?1 AND (listed, bots, online, member_count) IS NOT (?3, ?4, ?5, ?6)",
        )
        .bind(self.server.to_i64())
        .bind(self.received_at.unix_micros())
        .bind(listed)
        .bind(bots)
        .bind(online)
        .bind(member_count)
        .execute(self.transaction)
        .await?;
        Ok(())
    }

    async fn chunk(&mut self, generation: Generation, last: bool) -> Result<bool, Failure> {
        if self.before.generation != Some(generation.0) {
            return Ok(false);
        }
        staging::put_staged(self.transaction, self.server, Some(generation)).await?;
        if last {
            query("DELETE FROM members WHERE server_id = ?1 AND generation IS NOT ?2")
                .bind(self.server.to_i64())
                .bind(generation.0)
                .execute(&mut *self.transaction)
                .await?;
            query("UPDATE servers SET member_count = NULL, generation = NULL WHERE id = ?1")
                .bind(self.server.to_i64())
                .execute(&mut *self.transaction)
                .await?;
        }
        Ok(true)
    }

    async fn join(&mut self, member: &ListedMember) -> Result<bool, Failure> {
        let new = self.known(member.user.id).await?.is_none();
        self.put(member, self.before.generation).await?;
        if new {
            self.move_member_count(1).await?;
        }
        Ok(true)
    }

    async fn change(&mut self, member: &ListedMember) -> Result<bool, Failure> {
        let known = self.known(member.user.id).await?;
        if known.is_none() && self.before.member_count.is_none() {
            return Ok(false);
        }
        self.put(member, known.flatten()).await?;
        Ok(true)
    }

    async fn see(&mut self, member: &ListedMember) -> Result<bool, Failure> {
        if self.before.generation.is_none() || self.known(member.user.id).await?.is_some() {
            return Ok(false);
        }
        self.put(member, None).await?;
        Ok(true)
    }

    async fn leave(&mut self, user: UserId) -> Result<bool, Failure> {
        let deleted = query("DELETE FROM members WHERE server_id = ?1 AND user_id = ?2")
            .bind(self.server.to_i64())
            .bind(user.to_i64())
            .execute(&mut *self.transaction)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        self.move_member_count(-1).await?;
        Ok(true)
    }

    async fn set_presence(&mut self, user: UserId, presence: Presence) -> Result<bool, Failure> {
        let changed =
            query("UPDATE members SET presence = ?3 WHERE server_id = ?1 AND user_id = ?2")
                .bind(self.server.to_i64())
                .bind(user.to_i64())
                .bind(presences::code(presence))
                .execute(&mut *self.transaction)
                .await?;
        Ok(changed.rows_affected() > 0)
    }

    async fn rename(&mut self, name: &ServerName, owner: UserId) -> Result<bool, Failure> {
        query("UPDATE servers SET name = ?2, owner_id = ?3 WHERE id = ?1")
            .bind(self.server.to_i64())
            .bind(name.as_str())
            .bind(owner.to_i64())
            .execute(&mut *self.transaction)
            .await?;
        Ok(true)
    }

    async fn lose_sight(&mut self) -> Result<bool, Failure> {
        let lost = query("UPDATE servers SET following = 2 WHERE id = ?1 AND following = 1")
            .bind(self.server.to_i64())
            .execute(&mut *self.transaction)
            .await?;
        Ok(lost.rows_affected() > 0)
    }

    async fn remove(&mut self) -> Result<bool, Failure> {
        query("INSERT INTO departed_servers (server_id, at) VALUES (?1, ?2)")
            .bind(self.server.to_i64())
            .bind(self.received_at.unix_micros())
            .execute(&mut *self.transaction)
            .await?;
        // Its roles, channels and members go with it.
        query("DELETE FROM servers WHERE id = ?1")
            .bind(self.server.to_i64())
            .execute(&mut *self.transaction)
            .await?;
        Ok(true)
    }

    /// The generation that showed a member, if one did; `None` for who is not listed.
    async fn known(&mut self, user: UserId) -> Result<Option<Option<i64>>, Failure> {
        let generation =
            query_scalar("SELECT generation FROM members WHERE server_id = ?1 AND user_id = ?2")
                .bind(self.server.to_i64())
                .bind(user.to_i64())
                .fetch_optional(&mut *self.transaction)
                .await?;
        Ok(generation)
    }

    /// Lists `member` in the place of what was known of them.
    async fn put(&mut self, member: &ListedMember, generation: Option<i64>) -> Result<(), Failure> {
        let user = &member.user;
        let roles: Vec<_> = member.roles.iter().map(|role| role.to_i64()).collect();
        query(
            "INSERT INTO members
                 (server_id, user_id, name, discriminator, bot, role_ids, presence, generation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, coalesce(?7, ?9), ?8)
             ON CONFLICT (server_id, user_id) DO UPDATE
             SET name = excluded.name, discriminator = excluded.discriminator, bot = excluded.bot,
                 role_ids = excluded.role_ids, presence = coalesce(?7, presence),
                 generation = excluded.generation",
        )
        .bind(self.server.to_i64())
        .bind(user.id.to_i64())
        .bind(user.username.name())
        .bind(user.username.discriminator())
        .bind(user.bot)
        .bind(Json(roles))
        .bind(member.presence.map(presences::code))
        .bind(generation)
        .bind(presences::code(Presence::default()))
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Changes the number of members as the platform says it, while the list is partial.
    async fn move_member_count(&mut self, by: i64) -> Result<(), Failure> {
        query(
            "UPDATE servers SET member_count = max(0, member_count + ?2)
             WHERE id = ?1 AND member_count IS NOT NULL",
        )
        .bind(self.server.to_i64())
        .bind(by)
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }
}
