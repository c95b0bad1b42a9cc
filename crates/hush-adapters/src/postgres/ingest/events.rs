//! What each event does.

use hush_domain::channels::Channel;
use hush_domain::events::{Change, Event, Generation, ListedMember};
use hush_domain::ids::{ChannelId, RoleId, ServerId, UserId};
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use hush_domain::servers::ServerName;
use hush_domain::time::Timestamp;
use hush_ports::Applied;
use sqlx::PgConnection;

use super::members::{self, Known};
use super::servers::{self, Delta, Locked};
use super::{Refusal, channels, roles, staging};
use crate::postgres::departures;
use crate::postgres::failure::Failure;

/// Carries out `event`.
pub(super) async fn apply(
    transaction: &mut PgConnection,
    event: Event,
    received_at: Timestamp,
) -> Result<Applied, Refusal> {
    let mut change = event.change;
    if let Change::MemberChunk { members, .. } = &mut change {
        // Before the lock, as a snapshot's.
        staging::stage(transaction, &mut std::mem::take(members).into_iter()).await?;
    }
    let Some(server) = servers::lock(transaction, event.server).await? else {
        return Ok(Applied::Ignored);
    };
    let mut changing = Changing {
        transaction,
        server,
        received_at,
    };
    let changed = match change {
        Change::MemberChunk {
            generation, last, ..
        } => changing.chunk(generation, last).await?,
        Change::MemberJoined(member) => changing.join(&member).await?,
        Change::MemberChanged(member) => changing.change(&member).await?,
        Change::MemberSeen(member) => changing.see(&member).await?,
        Change::MemberLeft(user) => changing.leave(user).await?,
        Change::PresenceChanged { user, presence } => changing.set_presence(user, presence).await?,
        Change::RoleChanged(role) => changing.set_role(&role).await?,
        Change::RoleDeleted(role) => changing.delete_role(role).await?,
        Change::ChannelChanged(channel) => changing.set_channel(channel).await?,
        Change::ChannelDeleted(channel) => changing.delete_channel(channel).await?,
        Change::ThreadsListed { parents, threads } => {
            changing.list_threads(parents.as_deref(), &threads).await?
        }
        Change::ServerUnavailable => changing.lose_sight().await?,
        Change::ServerChanged { name, owner } => changing.rename(&name, owner).await?,
        Change::ServerRemoved => changing.remove().await?,
    };
    Ok(if changed {
        Applied::Changed
    } else {
        Applied::Ignored
    })
}

/// Takes `user` out of a server, as if they had left. Whether they were listed there.
pub(in crate::postgres) async fn leave(
    transaction: &mut PgConnection,
    server: ServerId,
    user: UserId,
    received_at: Timestamp,
) -> Result<bool, Failure> {
    let Some(server) = servers::lock(transaction, server).await? else {
        return Ok(false);
    };
    let mut changing = Changing {
        transaction,
        server,
        received_at,
    };
    changing.leave(user).await
}

/// A locked server in which one event is carried out. Each method says whether the event had anything to say.
struct Changing<'t> {
    transaction: &'t mut PgConnection,
    server: Locked,
    received_at: Timestamp,
}

impl Changing<'_> {
    async fn chunk(&mut self, generation: Generation, last: bool) -> Result<bool, Failure> {
        if self.server.generation != Some(generation) {
            return Ok(false);
        }
        let server = self.server.id;
        let delta = staging::staged_delta(self.transaction, server).await?;
        staging::put_staged(self.transaction, server, Some(generation)).await?;
        self.count(delta, self.server.member_count).await?;
        if last {
            members::remove_unseen(self.transaction, server, generation).await?;
            servers::complete(self.transaction, server, self.received_at).await?;
        }
        Ok(true)
    }

    async fn join(&mut self, member: &ListedMember) -> Result<bool, Failure> {
        let known = self.look(member.user.id).await?;
        let generation = self.server.generation;
        let delta =
            members::put(self.transaction, self.server.id, member, known, generation).await?;
        let count = self
            .server
            .member_count
            .map(|count| count.saturating_add(delta.listed));
        self.count(delta, count).await
    }

    async fn change(&mut self, member: &ListedMember) -> Result<bool, Failure> {
        let known = self.look(member.user.id).await?;
        let partial = self.server.member_count.is_some();
        if known.is_none() && !partial {
            return Ok(false);
        }
        let generation = known.and_then(|known| known.generation);
        let delta =
            members::put(self.transaction, self.server.id, member, known, generation).await?;
        self.count(delta, self.server.member_count).await
    }

    async fn see(&mut self, member: &ListedMember) -> Result<bool, Failure> {
        let known = self.look(member.user.id).await?;
        if known.is_some() || self.server.generation.is_none() {
            return Ok(false);
        }
        let delta = members::put(self.transaction, self.server.id, member, known, None).await?;
        self.count(delta, self.server.member_count).await
    }

    async fn leave(&mut self, user: UserId) -> Result<bool, Failure> {
        let Some(known) = self.look(user).await? else {
            return Ok(false);
        };
        let delta = members::remove(self.transaction, self.server.id, user, known).await?;
        let count = self.server.member_count.map(|count| (count - 1).max(0));
        self.count(delta, count).await
    }

    async fn set_presence(&mut self, user: UserId, presence: Presence) -> Result<bool, Failure> {
        let Some(known) = self.look(user).await? else {
            return Ok(false);
        };
        let server = self.server.id;
        let delta = members::set_presence(self.transaction, server, user, known, presence).await?;
        self.count(delta, self.server.member_count).await
    }

    async fn set_role(&mut self, role: &Role) -> Result<bool, Failure> {
        roles::put(self.transaction, self.server.id, [role]).await?;
        Ok(true)
    }

    async fn delete_role(&mut self, role: RoleId) -> Result<bool, Failure> {
        roles::delete(self.transaction, self.server.id, role).await
    }

    async fn set_channel(&mut self, channel: Channel) -> Result<bool, Failure> {
        channels::put(self.transaction, self.server.id, &[channel]).await?;
        Ok(true)
    }

    async fn delete_channel(&mut self, channel: ChannelId) -> Result<bool, Failure> {
        channels::delete(self.transaction, self.server.id, channel).await
    }

    async fn list_threads(
        &mut self,
        parents: Option<&[ChannelId]>,
        threads: &[Channel],
    ) -> Result<bool, Failure> {
        channels::list_threads(self.transaction, self.server.id, parents, threads).await?;
        Ok(true)
    }

    async fn lose_sight(&mut self) -> Result<bool, Failure> {
        servers::lose_sight(self.transaction, self.server.id).await
    }

    async fn rename(&mut self, name: &ServerName, owner: UserId) -> Result<bool, Failure> {
        servers::rename(self.transaction, self.server.id, name, owner).await?;
        Ok(true)
    }

    async fn remove(&mut self) -> Result<bool, Failure> {
        servers::remove(self.transaction, self.server.id).await?;
        departures::note(self.transaction, self.server.id, self.received_at).await?;
        Ok(true)
    }

    async fn look(&mut self, user: UserId) -> Result<Option<Known>, Failure> {
        members::lock(self.transaction, self.server.id, user).await
    }

    async fn count(&mut self, delta: Delta, member_count: Option<i64>) -> Result<bool, Failure> {
        self.server
            .count(self.transaction, delta, member_count, self.received_at)
            .await?;
        Ok(true)
    }
}
