use hush_domain::channels::ChannelKind;
use hush_domain::events::Extent;
use hush_domain::feed::Epoch;
use hush_domain::permission::Permissions;
use hush_domain::users::Username;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ALL: Privileged = Privileged {
    members: true,
    presences: true,
};

fn read_as(privileged: Privileged, name: &str, data: &Value) -> Result<Dispatch, String> {
    let text = json!({"op": 0, "s": 3, "t": name, "d": data}).to_string();
    let frame = frame(&text).unwrap();
    assert_eq!(frame.dispatch(), Some((3, name)));
    let mut generations = Generations::new(Epoch(5));
    let read = frame.read(privileged, &mut generations);
    read.map_err(|error| error.to_string())
}

fn read(name: &str, data: &Value) -> Dispatch {
    read_as(ALL, name, data).unwrap()
}

fn change(name: &str, data: &Value) -> Change {
    match read(name, data) {
        Dispatch::Changed(Event { server, change }) => {
            assert_eq!(server.get(), 1);
            change
        }
        other => panic!("{other:?}"),
    }
}

fn guild(member_count: u64) -> Value {
    json!({
        "id": "1", "name": "Analytical", "owner_id": "7", "member_count": member_count, "large": false,
        "unavailable": false, "a_field_of_tomorrow": {"x": [1]},
        "roles": [
            {"id": "1", "name": "@everyone", "position": 0, "permissions": "0", "managed": false},
            {"id": "9", "name": "Admin", "position": 1, "permissions": "8"},
            {"id": "9", "name": "Admins", "position": 99_999_999_999_u64, "permissions": "8", "managed": true},
        ],
        "channels": [
            {"id": "3", "name": "general", "type": 0},
            {"id": "4", "type": 4711, "name": "of tomorrow", "parent_id": null},
        ],
        "threads": [
            {"id": "5", "name": "open", "type": 11, "parent_id": "3", "thread_metadata": {"archived": false}},
            {"id": "6", "name": "shut", "type": 11, "parent_id": "3", "thread_metadata": {"archived": true}},
        ],
        "members": [
            {"user": {"id": "7", "username": "ada", "discriminator": "0"}, "roles": ["9"]},
            {"user": {"id": "8", "username": "bot", "discriminator": "0042", "bot": true}, "roles": []},
            {"user": {"id": "7", "username": "ada lovelace", "discriminator": "0"}, "roles": []},
        ],
        "presences": [
            {"user": {"id": "7"}, "status": "dnd", "activities": []},
            {"user": {"id": "99"}, "status": "online"},
        ],
    })
}

fn snapshot(privileged: Privileged, data: &Value) -> (Snapshot, Vec<ListedMember>) {
    match read_as(privileged, "GUILD_CREATE", data).unwrap() {
        Dispatch::Server(snapshot, members) => (*snapshot, members),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guild_becomes_a_snapshot_with_each_thing_once() {
    let (snapshot, members) = snapshot(ALL, &guild(2));
    assert_eq!(snapshot.name.as_str(), "Analytical");
    assert_eq!(snapshot.owner.get(), 7);
    assert_eq!(snapshot.extent, Extent::Complete);
    assert!(snapshot.presences_known);
    let roles: Vec<_> = snapshot
        .roles
        .iter()
        .map(|role| (role.name.as_str(), role.position, role.managed))
        .collect();
    assert_eq!(roles, [("@everyone", 0, false), ("Admins", i32::MAX, true)]);
    assert!(
        snapshot.roles[1]
            .permissions
            .contains(Permissions::ADMINISTRATOR)
    );
    let channels: Vec<_> = snapshot
        .channels
        .iter()
        .map(|it| (it.id.get(), it.kind.0))
        .collect();
    assert_eq!(channels, [(3, 0), (4, 255), (5, 11)]);
    assert!(ChannelKind(11).is_thread());
    let members: Vec<_> = members
        .iter()
        .map(|it| (it.user.username.to_string(), it.user.bot, it.presence))
        .collect();
    let expected = [
        (
            "ada lovelace".to_owned(),
            false,
            Some(Presence::DoNotDisturb),
        ),
        ("bot#0042".to_owned(), true, Some(Presence::Offline)),
    ];
    assert_eq!(members, expected);
}

#[test]
fn a_list_that_is_not_as_long_as_it_should_be_is_partial() {
    for count in [1, 3, 100_000] {
        let (snapshot, members) = snapshot(ALL, &guild(count));
        let Extent::Partial {
            member_count,
            generation,
        } = snapshot.extent
        else {
            panic!("{:?}", snapshot.extent);
        };
        assert_eq!((member_count, members.len()), (count, 2));
        assert_eq!(generation.0 >> 32, 5);
    }
}

#[test]
fn what_is_not_heard_is_not_made_up() {
    let without = |members, presences| snapshot(Privileged { members, presences }, &guild(10));
    let (quiet, members) = without(true, false);
    assert!(!quiet.presences_known);
    assert!(members.iter().all(|member| member.presence.is_none()));
    let (counted, members) = without(false, true);
    assert_eq!(counted.extent, Extent::Counted { member_count: 10 });
    assert!(members.is_empty());
}

#[test]
fn an_outage_is_told_from_a_farewell() {
    let out = json!({"id": "1", "unavailable": true});
    let gone = json!({"id": "1"});
    assert_eq!(change("GUILD_CREATE", &out), Change::ServerUnavailable);
    assert_eq!(change("GUILD_DELETE", &out), Change::ServerUnavailable);
    assert_eq!(change("GUILD_DELETE", &gone), Change::ServerRemoved);
}

#[test]
fn changes_are_read() {
    let role = json!({"guild_id": "1", "role": {"id": "9", "name": "", "position": -1, "permissions": "no number"}});
    let Change::RoleChanged(role) = change("GUILD_ROLE_UPDATE", &role) else {
        panic!()
    };
    assert_eq!(
        (role.name.as_str(), role.position, role.permissions.bits()),
        ("?", -1, 0)
    );
    assert!(!role.managed);
    let gone = json!({"guild_id": "1", "role_id": "9"});
    assert!(matches!(change("GUILD_ROLE_DELETE", &gone), Change::RoleDeleted(id) if id.get() == 9));
    let user = json!({"id": "8", "username": "a\u{0}b", "discriminator": "12345"});
    let joined = json!({"guild_id": "1", "user": user, "roles": ["9"], "joined_at": "…"});
    let Change::MemberJoined(member) = change("GUILD_MEMBER_ADD", &joined) else {
        panic!()
    };
    assert_eq!(member.user.username, Username::new("ab", None).unwrap());
    assert_eq!(member.presence, None);
    assert!(matches!(
        change("GUILD_MEMBER_UPDATE", &joined),
        Change::MemberChanged(_)
    ));
    assert!(
        matches!(change("GUILD_MEMBER_REMOVE", &joined), Change::MemberLeft(id) if id.get() == 8)
    );
    let renamed = json!({"id": "1", "name": "Difference", "owner_id": "8"});
    assert!(
        matches!(change("GUILD_UPDATE", &renamed), Change::ServerChanged { owner, .. } if owner.get() == 8)
    );
    let thread = |archived| json!({"guild_id": "1", "id": "5", "name": "t", "type": 11, "parent_id": "3", "thread_metadata": {"archived": archived}});
    assert!(matches!(
        change("THREAD_UPDATE", &thread(false)),
        Change::ChannelChanged(_)
    ));
    assert!(matches!(
        change("THREAD_UPDATE", &thread(true)),
        Change::ChannelDeleted(_)
    ));
    let listed =
        json!({"guild_id": "1", "channel_ids": ["3"], "threads": [thread(false), thread(true)]});
    let Change::ThreadsListed { parents, threads } = change("THREAD_LIST_SYNC", &listed) else {
        panic!()
    };
    assert_eq!((parents.map(|it| it.len()), threads.len()), (Some(1), 1));
}

#[test]
fn what_happens_outside_of_servers_concerns_nobody() {
    let direct = json!({"id": "5", "type": 1});
    for name in ["CHANNEL_CREATE", "CHANNEL_DELETE", "INTERACTION_CREATE"] {
        assert!(matches!(read(name, &direct), Dispatch::Nothing), "{name}");
    }
    assert!(matches!(
        read("OF_TOMORROW", &json!([1])),
        Dispatch::Nothing
    ));
}

#[test]
fn a_status_of_tomorrow_is_one_of_somebody_who_is_there() {
    let status = |status: &str| {
        let data =
            json!({"guild_id": "1", "user": {"id": "7"}, "status": status, "client_status": {}});
        match read("PRESENCE_UPDATE", &data) {
            Dispatch::Presence(_, _, presence) => presence,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(status("idle"), Presence::Idle);
    assert_eq!(status("offline"), Presence::Offline);
    assert!(status("streaming").is_online());
}

#[test]
fn only_a_refusal_of_a_member_list_is_one() {
    let limited = |opcode| json!({"opcode": opcode, "retry_after": 1.5, "meta": {"guild_id": "1", "nonce": "x"}});
    assert!(matches!(
        read("RATE_LIMITED", &limited(8)),
        Dispatch::TooEarly { .. }
    ));
    assert!(matches!(
        read("RATE_LIMITED", &limited(4)),
        Dispatch::Nothing
    ));
}

#[test]
fn what_lacks_what_it_is_about_is_an_error() {
    for name in [
        "READY",
        "GUILD_CREATE",
        "GUILD_UPDATE",
        "GUILD_ROLE_CREATE",
        "GUILD_MEMBER_ADD",
        "PRESENCE_UPDATE",
        "GUILD_MEMBERS_CHUNK",
    ] {
        for data in [
            json!({}),
            json!(null),
            json!([]),
            json!({"guild_id": "x", "id": "0"}),
        ] {
            assert!(read_as(ALL, name, &data).is_err(), "{name} {data}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_stumble(text in ".{0,200}") {
        if let Some(frame) = frame(&text) {
            let _ = frame.read(ALL, &mut Generations::new(Epoch(1)));
        }
    }
}
