//! Each thing that Discord tells of, by itself.

use hush_discord_fake::{Channel, Guild, Member, Role, Setup, Status, Step, User};
use serde_json::json;

use crate::support::{EVERYTHING, OWNER, SERVER, Site};

/// Administrator, as one of Discord's bits.
const ADMINISTRATOR: u64 = 1 << 3;
const ROLE: u64 = SERVER + 1;
const CHANNEL: u64 = SERVER + 2;
const THREAD: u64 = SERVER + 3;
const READER: u64 = OWNER + 1;

/// A server with an owner, and a reader who holds a role that allows nothing.
async fn site() -> Site {
    let site = Site::start(Setup::default(), EVERYTHING).await;
    let guild = Guild::new(SERVER, "Analytical", OWNER)
        .with_role(Role::new(ROLE, "Reader", 1))
        .with_channel(Channel::text(CHANNEL, "general"))
        .with_thread(Channel::thread(THREAD, "introductions", CHANNEL))
        .with_member(Member::new(User::new(OWNER, "ada")))
        .with_member(Member::new(User::new(READER, "bob")).with_roles(&[ROLE]));
    assert!(site.fake.take(Step::GuildAdded(guild)));
    site.agree().await;
    site
}

impl Site {
    /// Lets something happen, and waits until it is so here.
    async fn follow(&self, step: Step) {
        let named = format!("{step:?}");
        assert!(self.fake.take(step), "{named}");
        self.agree().await;
    }
}

/// The role with other permissions.
fn role(id: u64, permissions: u64) -> Role {
    Role {
        permissions,
        ..Role::new(id, "Reader", 1)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_may_do_follows_the_roles() {
    let site = site().await;
    let guild = SERVER;
    let may = async || site.standing(SERVER, READER).await.unwrap().1 & ADMINISTRATOR != 0;
    let of = |roles: &[u64]| Step::MemberChanged {
        guild,
        user: User::new(READER, "bob"),
        roles: roles.to_vec(),
    };
    let changed = |id, permissions| Step::RoleChanged {
        guild,
        role: role(id, permissions),
    };
    assert!(!may().await);
    // A role that is held changes, and so does the one that everyone holds.
    site.follow(changed(ROLE, ADMINISTRATOR)).await;
    assert!(may().await);
    site.follow(changed(ROLE, 0)).await;
    assert!(!may().await);
    site.follow(changed(SERVER, ADMINISTRATOR)).await;
    assert!(may().await);
    site.follow(changed(SERVER, 0)).await;
    // A role is made, given, taken, given again and deleted.
    let made = role(ROLE + 10, ADMINISTRATOR);
    site.follow(Step::RoleCreated { guild, role: made }).await;
    assert!(!may().await);
    site.follow(of(&[ROLE, ROLE + 10])).await;
    assert!(may().await);
    site.follow(of(&[])).await;
    assert!(!may().await);
    site.follow(of(&[ROLE + 10])).await;
    assert!(may().await);
    let role = ROLE + 10;
    site.follow(Step::RoleDeleted { guild, role }).await;
    assert!(!may().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_gets_another_owner_and_another_name() {
    let site = site().await;
    for owner in [READER, OWNER] {
        let name = format!("Of {owner}");
        let guild = SERVER;
        site.follow(Step::GuildChanged { guild, name, owner }).await;
        for user in [READER, OWNER] {
            let (owns, _) = site.standing(SERVER, user).await.unwrap();
            assert_eq!(owns, user == owner, "{user}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_change_and_go() {
    let site = site().await;
    let guild = SERVER;
    let newcomer = OWNER + 7;
    for (user, status) in [
        (User::new(newcomer, "eve"), Status::Dnd),
        (User::new(newcomer + 1, "kay"), Status::Invisible),
        (User::bot(newcomer + 2, "calculator"), Status::Online),
    ] {
        let member = Member::new(user).with_status(status).with_roles(&[ROLE]);
        site.follow(Step::MemberJoined { guild, member }).await;
    }
    for status in [
        Status::Idle,
        Status::Offline,
        Status::Online,
        Status::Invisible,
    ] {
        let user = newcomer;
        site.follow(Step::Presence {
            guild,
            user,
            status,
        })
        .await;
    }
    // Roles that are none mean nothing; the name is a new one.
    let user = User::new(newcomer, "eva");
    let roles = vec![77, ROLE];
    site.follow(Step::MemberChanged { guild, user, roles })
        .await;
    for user in newcomer..newcomer + 3 {
        site.follow(Step::MemberLeft { guild, user }).await;
        assert_eq!(site.standing(SERVER, user).await, None);
    }
    // Whoever comes back comes without what they had.
    let member = Member::new(User::new(newcomer, "eve"));
    site.follow(Step::MemberJoined { guild, member }).await;
    // What becomes of the bot itself.
    let user = Setup::default().bot;
    let roles = vec![ROLE];
    site.follow(Step::MemberChanged { guild, user, roles })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_and_threads_come_change_and_go() {
    let site = site().await;
    let guild = SERVER;
    let forum = Channel {
        kind: 15,
        parent: Some(CHANNEL),
        ..Channel::text(CHANNEL + 10, "help")
    };
    let post = Channel::thread(THREAD + 10, "how?", forum.id);
    let (channel, thread) = (forum.clone(), post.clone());
    site.follow(Step::ChannelCreated { guild, channel }).await;
    site.follow(Step::ThreadCreated { guild, thread }).await;
    let channel = Channel {
        parent: None,
        name: "questions".to_owned(),
        ..forum.clone()
    };
    site.follow(Step::ChannelChanged { guild, channel }).await;
    let thread = Channel {
        name: "how!".to_owned(),
        ..post.clone()
    };
    site.follow(Step::ThreadChanged { guild, thread }).await;
    let thread = Channel::thread(THREAD + 11, "and why?", forum.id);
    site.follow(Step::ThreadCreated { guild, thread }).await;
    let thread = THREAD + 11;
    site.follow(Step::ThreadDeleted { guild, thread }).await;
    // A deleted channel takes its threads along, of which no event tells.
    let channel = forum.id;
    site.follow(Step::ChannelDeleted { guild, channel }).await;
    assert_eq!(site.fake.world().guilds[&SERVER].threads.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_threads_says_which_are_gone() {
    let site = site().await;
    let guild = SERVER;
    let other = CHANNEL + 10;
    let channel = Channel::text(other, "other");
    site.follow(Step::ChannelCreated { guild, channel }).await;
    for (id, parent) in [(20, CHANNEL), (21, other), (22, other)] {
        let thread = Channel::thread(THREAD + id, "new", parent);
        site.follow(Step::ThreadCreated { guild, thread }).await;
    }
    // Of one channel, then of all.
    for (gone, channels) in [(21, vec![other]), (20, vec![])] {
        let thread = THREAD + gone;
        assert!(site.fake.take_unseen(Step::ThreadDeleted { guild, thread }));
        site.follow(Step::ThreadListSync { guild, channels }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archived_thread_is_gone_until_it_is_opened_again() {
    let site = site().await;
    let thread = |archived| {
        json!({
            "id": THREAD.to_string(), "guild_id": SERVER.to_string(), "parent_id": CHANNEL.to_string(),
            "name": "introductions", "type": 11, "thread_metadata": {"archived": archived},
        })
    };
    let opened = Channel::thread(THREAD, "introductions", CHANNEL);
    site.fake.dispatch(SERVER, "THREAD_UPDATE", &thread(true));
    // The world holds the threads that are not archived.
    assert!(site.fake.take_unseen(Step::ThreadDeleted {
        guild: SERVER,
        thread: THREAD
    }));
    site.agree().await;
    site.fake.dispatch(SERVER, "THREAD_UPDATE", &thread(false));
    assert!(site.fake.take_unseen(Step::ThreadCreated {
        guild: SERVER,
        thread: opened
    }));
    site.agree().await;
}
