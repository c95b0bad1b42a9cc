//! Whatever happens, a client that follows the events has the fake's world: the oracle is right.

use fastrand::Rng;
use hush_discord_fake::{
    Channel, Fake, Guild, Member, Role, Setup, Status, Step, User, World, intents,
};

use time::OffsetDateTime;

use crate::client::{GUILD, HUSH, OWNER, Shard, fake, guild, next, shard};
use crate::mirror::{apply, visible};

/// A server that is there only so that a change of its name marks a place in the stream of events.
const MARK: u64 = 7 << 22;

/// A fake with two servers, and a client that has seen them.
async fn followed() -> (Fake, Shard, World) {
    let fake = fake().await;
    let mark = Guild::new(MARK, "mark", OWNER).with_member(Member::new(User::new(OWNER, "mark")));
    fake.take(Step::GuildAdded(mark));
    fake.take(Step::GuildAdded(guild(GUILD, 10)));
    let mut shard = shard(&fake, HUSH | intents::GUILD_MODERATION);
    let mut seen = World::default();
    follow(&fake, &mut shard, &mut seen).await;
    (fake, shard, seen)
}

/// Reads until the client has seen everything that has happened so far.
async fn follow(fake: &Fake, shard: &mut Shard, seen: &mut World) {
    let name = format!("mark {}", fastrand::u64(..));
    assert!(fake.take(Step::GuildChanged {
        guild: MARK,
        name: name.clone(),
        owner: OWNER,
    }));
    while seen.guilds.get(&MARK).is_none_or(|it| it.name != name) {
        apply(seen, next(shard).await);
    }
}

#[tokio::test]
async fn every_step_is_told_as_a_client_understands_it() {
    let (fake, mut shard, mut seen) = followed().await;
    let ada = User::new(5, "ada");
    let steps = [
        Step::GuildChanged {
            guild: GUILD,
            name: "Ünïcödé 🦀".to_owned(),
            owner: OWNER + 1,
        },
        Step::RoleCreated {
            guild: GUILD,
            role: Role::new(1, "new", 2),
        },
        Step::RoleChanged {
            guild: GUILD,
            role: Role::new(1, "renamed", 9),
        },
        Step::MemberJoined {
            guild: GUILD,
            member: Member::new(ada.clone()).with_status(Status::Idle),
        },
        Step::MemberChanged {
            guild: GUILD,
            user: User::new(5, "Ada"),
            roles: vec![1],
        },
        Step::Nicknamed {
            guild: GUILD,
            user: 5,
            nick: Some("the countess".to_owned()),
        },
        Step::TimedOut {
            guild: GUILD,
            user: 5,
            until: Some(OffsetDateTime::UNIX_EPOCH),
        },
        Step::RoleDeleted {
            guild: GUILD,
            role: 1,
        },
        Step::Presence {
            guild: GUILD,
            user: 5,
            status: Status::Invisible,
        },
        Step::MemberLeft {
            guild: GUILD,
            user: 5,
        },
        Step::Banned {
            guild: GUILD,
            user: ada,
            reason: None,
        },
        Step::Unbanned {
            guild: GUILD,
            user: 5,
        },
        Step::ChannelCreated {
            guild: GUILD,
            channel: Channel::text(11, "one"),
        },
        Step::ChannelChanged {
            guild: GUILD,
            channel: Channel::text(11, "two"),
        },
        Step::ThreadCreated {
            guild: GUILD,
            thread: Channel::thread(12, "three", 11),
        },
        Step::ThreadChanged {
            guild: GUILD,
            thread: Channel::thread(12, "four", 11),
        },
        Step::ThreadListSync {
            guild: GUILD,
            channels: vec![11],
        },
        Step::ThreadDeleted {
            guild: GUILD,
            thread: 12,
        },
        Step::ChannelDeleted {
            guild: GUILD,
            channel: 11,
        },
        Step::Outage(GUILD),
        Step::Back(GUILD),
        Step::GuildLeft(GUILD),
        Step::GuildAdded(guild(GUILD, 4)),
        Step::Banned {
            guild: GUILD,
            user: User::new(OWNER + 2, "user-2"),
            reason: None,
        },
    ];
    for step in steps {
        assert!(fake.take(step.clone()), "{step:?}");
        follow(&fake, &mut shard, &mut seen).await;
        assert_eq!(seen, visible(fake.world()), "{step:?}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_changes_nothing() {
    let (fake, _shard, _seen) = followed().await;
    let before = fake.world();
    let bot = Setup::default().bot;
    for step in [
        Step::GuildAdded(guild(GUILD, 1)),
        Step::GuildLeft(1),
        Step::Outage(1),
        Step::Back(GUILD),
        Step::GuildChanged {
            guild: GUILD,
            name: "x".to_owned(),
            owner: 1,
        },
        Step::RoleCreated {
            guild: GUILD,
            role: Role::new(GUILD, "@everyone", 0),
        },
        Step::RoleChanged {
            guild: GUILD,
            role: Role::new(1, "x", 0),
        },
        Step::RoleDeleted {
            guild: GUILD,
            role: GUILD,
        },
        Step::ThreadCreated {
            guild: GUILD,
            thread: Channel::thread(1, "x", 1),
        },
        Step::ThreadListSync {
            guild: GUILD,
            channels: vec![1],
        },
        Step::MemberJoined {
            guild: GUILD,
            member: Member::new(User::new(OWNER, "again")),
        },
        Step::MemberLeft {
            guild: GUILD,
            user: OWNER,
        },
        Step::MemberLeft {
            guild: GUILD,
            user: bot.id,
        },
        Step::Banned {
            guild: GUILD,
            user: bot,
            reason: None,
        },
        Step::Unbanned {
            guild: GUILD,
            user: OWNER,
        },
        Step::TimedOut {
            guild: GUILD,
            user: 1,
            until: None,
        },
        Step::Presence {
            guild: GUILD,
            user: 1,
            status: Status::Online,
        },
    ] {
        assert!(!fake.take(step.clone()), "{step:?}");
    }
    assert_eq!(fake.world(), before);
}

#[tokio::test]
async fn nobody_is_told_what_is_unseen() {
    let (fake, mut shard, mut seen) = followed().await;
    let left = Step::MemberLeft {
        guild: GUILD,
        user: OWNER + 1,
    };
    assert!(fake.take(Step::Outage(GUILD)));
    assert!(!fake.take(left.clone()));
    assert!(fake.take_unseen(left));
    assert!(fake.world().guilds[&GUILD].unavailable);
    follow(&fake, &mut shard, &mut seen).await;
    assert_eq!(seen.guilds[&GUILD].member_count(), 11);
    assert!(fake.take(Step::Back(GUILD)));
    follow(&fake, &mut shard, &mut seen).await;
    assert_eq!(seen, visible(fake.world()));
    assert_eq!(seen.guilds[&GUILD].member_count(), 10);
}

#[tokio::test]
async fn a_client_follows_by_events_whatever_happens_and_however_often_it_is_cut() {
    let (fake, mut shard, mut seen) = followed().await;
    let mut rng = Rng::with_seed(4);
    for round in 0..40 {
        let taken = (0..50)
            .filter(|_| {
                let step = Step::by_chance(&mut rng, &fake.world(), GUILD, OWNER);
                fake.take(step)
            })
            .count();
        assert!(taken > 10, "{round}");
        match rng.u8(..4) {
            0 => fake.cut(),
            1 => fake.cut_after(rng.usize(..5000)),
            _ => {}
        }
        follow(&fake, &mut shard, &mut seen).await;
        assert_eq!(seen, visible(fake.world()), "{round}");
    }
    let observed = fake.observed();
    assert_eq!(observed.identified(), 1);
    assert!(observed.resumed() > 10);
}
