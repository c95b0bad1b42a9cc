//! What a bot does to members: its effect, its answer, and what the gateway tells of it.

use hush_discord_fake::{
    Deed, Effect, Fake, Guild, Member, Role, Setup, Step, User, intents, permissions,
};
use time::OffsetDateTime;
use twilight_gateway::{Event, EventTypeFlags, StreamExt as _};
use twilight_http::Client;
use twilight_http::request::AuditLogReason as _;
use twilight_model::id::Id;
use twilight_model::id::marker::{GuildMarker, UserMarker};
use twilight_model::util::Timestamp;

use crate::client::{GUILD, HUSH, OWNER, Shard, fake, guild, shard, until_ready};
use crate::requests::client;

/// The bot's own role, above all but [`PEER`].
pub(crate) const BOTS: u64 = GUILD + 20;
/// A role as high as the bot's, and older, so that it stands above.
pub(crate) const PEER: u64 = GUILD + 19;
/// A role of an integration's.
pub(crate) const MANAGED: u64 = GUILD + 21;
/// A member who holds [`PEER`].
pub(crate) const ABOVE: u64 = 7;
/// A user who is in no server.
pub(crate) const STRANGER: u64 = 8;
/// A member.
pub(crate) const ADA: Id<UserMarker> = Id::new(OWNER + 1);
pub(crate) const HERE: Id<GuildMarker> = Id::new(GUILD);

/// A server in which the bot may do so much.
pub(crate) fn moderated(allowed: u64) -> Guild {
    let role = |id, name, position| Role {
        permissions: if id == BOTS { allowed } else { 0 },
        managed: id != PEER,
        ..Role::new(id, name, position)
    };
    guild(GUILD, 10)
        .with_role(role(BOTS, "hush", 5))
        .with_role(role(PEER, "peer", 5))
        .with_role(role(MANAGED, "booster", 1))
        .with_member(Member::new(User::new(ABOVE, "above")).with_roles(&[PEER]))
        .with_bot_roles(&[BOTS])
}

/// A fake with such a server, and a client of it.
pub(crate) async fn moderating(allowed: u64) -> (Fake, Client) {
    let fake = fake().await;
    fake.take(Step::GuildAdded(moderated(allowed)));
    fake.add_user(User::new(STRANGER, "stranger"));
    let client = client(&fake);
    (fake, client)
}

/// An administrator's fake, with a client of the gateway that is told everything.
async fn watched() -> (Fake, Client, Shard) {
    let (fake, client) = moderating(permissions::ADMINISTRATOR).await;
    let mut shard = shard(&fake, HUSH | intents::GUILD_MODERATION);
    until_ready(&mut shard).await;
    shard.next_event(EventTypeFlags::GUILD_CREATE).await;
    (fake, client, shard)
}

pub(crate) fn in_an_hour() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "the fake has a clock of its own, as Discord has"
    )]
    let in_an_hour = OffsetDateTime::now_utc().unix_timestamp() + 3600;
    Timestamp::from_secs(in_an_hour).unwrap()
}

async fn told(shard: &mut Shard) -> Event {
    crate::client::next(shard).await
}

fn deeds(fake: &Fake) -> Vec<(Deed, u64, bool)> {
    let of = |it: &Effect| (it.deed, it.target, it.changed);
    fake.effects().iter().map(of).collect()
}

#[tokio::test]
async fn a_timeout_begins_and_is_lifted() {
    let (fake, client, mut shard) = watched().await;
    let until = in_an_hour();
    for (until, deed, changes) in [
        (Some(until), Deed::Timeout, true),
        (Some(until), Deed::Timeout, false),
        (None, Deed::TimeoutLifted, true),
    ] {
        let member = client
            .update_guild_member(HERE, ADA)
            .communication_disabled_until(until)
            .reason("Ünïcödé & 100 %")
            .await
            .unwrap()
            .model()
            .await
            .unwrap();
        assert_eq!(member.communication_disabled_until, until);
        let done = fake.effects().pop().unwrap();
        assert_eq!((done.deed, done.changed), (deed, changes));
        assert_eq!(done.reason.as_deref(), Some("Ünïcödé & 100 %"));
        assert_eq!(fake.requests()[done.number].method, "PATCH");
        if changes {
            let Event::MemberUpdate(update) = told(&mut shard).await else {
                panic!("the members' event is wanted");
            };
            assert_eq!(update.communication_disabled_until, until);
        }
    }
}

#[tokio::test]
async fn a_nickname_comes_and_goes() {
    let (fake, client, mut shard) = watched().await;
    for nick in [Some("the countess"), None] {
        let member = client
            .update_guild_member(HERE, ADA)
            .nick(nick)
            .await
            .unwrap()
            .model()
            .await
            .unwrap();
        assert_eq!(member.nick.as_deref(), nick);
        assert!(matches!(told(&mut shard).await, Event::MemberUpdate(update)
            if update.nick.as_deref() == nick));
    }
    assert_eq!(
        deeds(&fake),
        [(Deed::Nick, ADA.get(), true), (Deed::Nick, ADA.get(), true)]
    );
}

#[tokio::test]
async fn a_role_is_given_once_and_taken_once() {
    let (fake, client, mut shard) = watched().await;
    fake.take(Step::RoleCreated {
        guild: GUILD,
        role: Role::new(1, "new", 3),
    });
    told(&mut shard).await;
    let role = Id::new(1);
    for _ in 0..2 {
        client.add_guild_member_role(HERE, ADA, role).await.unwrap();
    }
    assert!(matches!(told(&mut shard).await, Event::MemberUpdate(it) if it.roles.contains(&role)));
    for _ in 0..2 {
        client
            .remove_guild_member_role(HERE, ADA, role)
            .await
            .unwrap();
    }
    assert!(matches!(told(&mut shard).await, Event::MemberUpdate(it) if !it.roles.contains(&role)));
    let ada = ADA.get();
    assert_eq!(
        deeds(&fake),
        [
            (Deed::RoleAdded(1), ada, true),
            (Deed::RoleAdded(1), ada, false),
            (Deed::RoleRemoved(1), ada, true),
            (Deed::RoleRemoved(1), ada, false),
        ]
    );
}

#[tokio::test]
async fn who_is_kicked_is_gone_and_may_be_banned_yet() {
    let (fake, client, mut shard) = watched().await;
    client.remove_guild_member(HERE, ADA).await.unwrap();
    assert!(matches!(told(&mut shard).await, Event::MemberRemove(it) if it.user.id == ADA));
    client.create_ban(HERE, ADA).reason("spam").await.unwrap();
    assert!(matches!(told(&mut shard).await, Event::BanAdd(it) if it.user.id == ADA));
    let ban = client.ban(HERE, ADA).await.unwrap().model().await.unwrap();
    assert_eq!((ban.user.id, ban.reason.as_deref()), (ADA, Some("spam")));
    client.create_ban(HERE, ADA).await.unwrap();
    client.delete_ban(HERE, ADA).await.unwrap();
    assert!(matches!(told(&mut shard).await, Event::BanRemove(it) if it.user.id == ADA));
    let ada = ADA.get();
    assert_eq!(
        deeds(&fake),
        [
            (Deed::Kick, ada, true),
            (Deed::Ban, ada, true),
            (Deed::Ban, ada, false),
            (Deed::Unban, ada, true),
        ]
    );
}

#[tokio::test]
async fn a_ban_throws_out() {
    let (fake, client, mut shard) = watched().await;
    client
        .create_ban(HERE, ADA)
        .delete_message_seconds(3600)
        .await
        .unwrap();
    assert!(matches!(told(&mut shard).await, Event::BanAdd(_)));
    assert!(matches!(told(&mut shard).await, Event::MemberRemove(_)));
    let world = fake.world();
    assert!(!world.guilds[&GUILD].members.contains_key(&ADA.get()));
    assert_eq!(fake.effects()[0].body["delete_message_seconds"], 3600);
}

#[tokio::test]
async fn many_are_banned_at_once_but_for_those_who_cannot_be() {
    let (fake, client) = moderating(permissions::ADMINISTRATOR).await;
    let unknown = 999;
    let users = [
        ADA.get(),
        STRANGER,
        OWNER,
        ABOVE,
        Setup::default().bot.id,
        unknown,
        ADA.get(),
    ];
    let users = users.map(Id::new);
    let answer = client.bulk_guild_ban(HERE, &users).await.unwrap();
    let answer = answer.model().await.unwrap();
    assert_eq!(answer.banned_users, [STRANGER, ADA.get()]);
    assert_eq!(
        answer.failed_users,
        [ABOVE, OWNER, unknown, Setup::default().bot.id]
    );
    let again = client.bulk_guild_ban(HERE, &users[..2]).await;
    let again = again.unwrap_err().to_string();
    assert!(again.contains("400") && again.contains("500000"), "{again}");
    assert_eq!(
        deeds(&fake),
        [
            (Deed::BulkBan, STRANGER, true),
            (Deed::BulkBan, ADA.get(), true)
        ]
    );
    assert_eq!(fake.effects()[0].body["user_ids"][0], ADA.get().to_string());
}
