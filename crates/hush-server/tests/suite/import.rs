//! The import: which files it takes, and what it makes of them.

use std::path::PathBuf;

use hush_adapters::memory::Memory;
use hush_adapters::system::SystemClock;
use hush_domain::ids::{ChannelId, ServerId, UserId};
use hush_domain::roles::Role;
use hush_domain::stats::Stats;
use hush_ports::{Channels, StatsReader, Users};
use hush_server::import;
use indicatif::ProgressBar;
use tempfile::TempDir;

/// A server as Discord's gateway sends it, cut down, with some of the fields that Hush has no use for.
pub(crate) const GUILD: &str = r#"{
  "id": "10", "name": "Ünïcode \ud83e\udd2b", "owner_id": "1", "member_count": 3, "large": false,
  "emojis": [{"id": null, "nested": {"deep": [[[]]]}}], "nsfw_level": 0,
  "roles": [
    {"id": "10", "name": "@everyone", "position": 0, "permissions": "0", "color": 0},
    {"id": "11", "name": "Admin", "position": 2, "permissions": "8", "hoist": true}
  ],
  "members": [
    {"user": {"id": "1", "username": "anna", "discriminator": "0", "global_name": "Anna"},
     "roles": ["11"], "joined_at": "2020-01-01T00:00:00Z", "nick": null},
    {"user": {"id": "2", "username": "User", "discriminator": "0042", "bot": false}, "roles": []},
    {"user": {"id": "3", "username": "robot", "bot": true}, "roles": ["11"]}
  ],
  "presences": [
    {"user": {"id": "1"}, "status": "dnd", "activities": []},
    {"user": {"id": "3"}, "status": "online"}
  ],
  "unavailable": false
}"#;

/// Imports files with these contents into a new memory store.
pub(crate) fn import(contents: &[&str]) -> Result<Memory, String> {
    let directory = TempDir::new().unwrap();
    let files: Vec<PathBuf> = (0..contents.len())
        .map(|number| directory.path().join(format!("{number}.json")))
        .collect();
    for (file, contents) in files.iter().zip(contents) {
        std::fs::write(file, contents).unwrap();
    }
    let memory = Memory::new();
    let guilds = import::check(&files).map_err(|failure| {
        assert_eq!(failure.exit_code(), 1);
        failure
            .to_string()
            .replace(&format!("{}/", directory.path().display()), "")
    })?;
    let (clock, hidden) = (SystemClock::new(), ProgressBar::hidden());
    let applied = import::apply(&guilds, &memory, &clock, &hidden, |_| Ok(()));
    block_on(applied).map_err(|failure| failure.to_string())?;
    Ok(memory)
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn server(id: u64) -> ServerId {
    id.try_into().unwrap()
}

fn stats(memory: &Memory, id: u64) -> Option<Stats> {
    block_on(memory.server_stats(server(id))).unwrap()
}

fn counts(memory: &Memory, id: u64) -> (Option<u64>, Option<u64>, Option<u64>) {
    let stats = stats(memory, id).unwrap();
    (stats.members, stats.bots, stats.online)
}

fn shown(memory: &Memory, id: u64, user: u64) -> Option<(String, Vec<String>)> {
    let user = UserId::try_from(user).unwrap();
    let member = block_on(memory.get(server(id), user)).unwrap()?;
    let roles = member.roles.iter().map(ToString::to_string).collect();
    Some((member.user.username.to_string(), roles))
}

#[test]
fn a_guild_as_discord_sends_it_is_there_afterwards() {
    let memory = import(&[GUILD]).unwrap();
    assert_eq!(counts(&memory, 10), (Some(3), Some(1), Some(2)));
    assert_eq!(
        shown(&memory, 10, 1),
        Some(("anna".into(), vec!["Admin".into()]))
    );
    assert_eq!(shown(&memory, 10, 2), Some(("User#0042".into(), vec![])));
    assert_eq!(
        shown(&memory, 10, 3),
        Some(("robot".into(), vec!["Admin".into()]))
    );
}

#[test]
fn roles_come_with_their_server() {
    let guild = GUILD.replace(r#""hoist": true"#, r#""managed": true"#);
    let memory = import(&[&guild]).unwrap();
    let roles = block_on(hush_ports::Servers::roles(&memory, server(10)));
    let roles = roles.unwrap().unwrap();
    let shown = |role: &Role| {
        (
            role.id.get(),
            role.position,
            role.permissions.bits(),
            role.managed,
        )
    };
    assert_eq!(
        roles.iter().map(shown).collect::<Vec<_>>(),
        [(11, 2, 8, true), (10, 0, 0, false)]
    );
}

#[test]
fn channels_and_threads_come_with_their_server() {
    let channels = r#""unavailable": false,
        "channels": [{"id": "13", "name": "general", "type": 0, "parent_id": null, "position": 1}],
        "threads": [{"id": "12", "name": "engine", "type": 11, "parent_id": "13"}]"#;
    let guild = GUILD.replace(r#""unavailable": false"#, channels);
    let memory = import(&[&guild]).unwrap();
    let listed = block_on(memory.list(server(10))).unwrap().unwrap();
    let shown: Vec<_> = listed
        .iter()
        .map(|it| {
            (
                it.id.get(),
                it.name.as_str(),
                it.kind.0,
                it.parent.map(ChannelId::get),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [(12, "engine", 11, Some(13)), (13, "general", 0, None)]
    );
    let twice = guild.replace(r#""id": "12""#, r#""id": "13""#);
    let error = import(&[&twice]).err().unwrap();
    assert!(error.contains("channel 13 is listed twice"), "{error}");
}

#[test]
fn a_list_shorter_than_the_count_is_partial() {
    let memory = import(&[&GUILD.replace("\"member_count\": 3", "\"member_count\": 7")]).unwrap();
    assert_eq!(counts(&memory, 10), (Some(7), None, None));
    // And one that is longer is complete: the count is the older number of the two.
    let memory = import(&[&GUILD.replace("\"member_count\": 3", "\"member_count\": 2")]).unwrap();
    assert_eq!(counts(&memory, 10), (Some(3), Some(1), Some(2)));
}

#[test]
fn without_presences_nobody_knows_who_is_online() {
    let memory = import(&[&GUILD.replace("\"presences\"", "\"presence\"")]).unwrap();
    assert_eq!(counts(&memory, 10), (Some(3), Some(1), None));
}

#[test]
fn without_members_only_the_count_is_known() {
    let memory = import(&[&GUILD.replace("\"members\"", "\"absent\"")]).unwrap();
    assert_eq!(counts(&memory, 10), (Some(3), None, None));
}

#[test]
fn the_last_presence_of_a_user_holds_and_those_of_strangers_mean_nothing() {
    let presences = r#"{"user": {"id": "1"}, "status": "offline"}, {"user": {"id": "99"}, "status": "online"},"#;
    let status = r#"{"user": {"id": "1"}, "status": "dnd", "activities": []},"#;
    let memory = import(&[&GUILD.replace(status, &format!("{status}{presences}"))]).unwrap();
    assert_eq!(counts(&memory, 10), (Some(3), Some(1), Some(1)));
}

#[test]
fn several_guilds_stand_in_several_files_in_a_row_or_in_an_array() {
    let other = |id: &str| {
        GUILD.replace(
            "\"id\": \"10\", \"name\": \"Ü",
            &format!("\"id\": \"{id}\", \"name\": \"Ü"),
        )
    };
    let (a, b, c) = (other("20"), other("21"), other("22"));
    let in_a_row = format!("{a}{b}\n\n{c}\n");
    let as_lines = [&a, &b, &c]
        .map(|guild| guild.replace('\n', " "))
        .join("\r\n");
    let array = format!(" [{a}, {b},\n{c}]\n");
    for contents in [
        &[&*a, &*b, &*c][..],
        &[&*in_a_row],
        &[&*as_lines],
        &[&*array],
    ] {
        let memory = import(contents).unwrap();
        for id in 20..=22 {
            assert_eq!(
                counts(&memory, id),
                (Some(3), Some(1), Some(2)),
                "{contents:?}"
            );
            assert_eq!(shown(&memory, id, 2), Some(("User#0042".into(), vec![])));
        }
    }
}

#[test]
fn an_import_replaces_what_was_there() {
    let directory = TempDir::new().unwrap();
    let memory = Memory::new();
    let clock = SystemClock::new();
    let file = directory.path().join("guild.json");
    let less = GUILD
        .replace(r#"{"user": {"id": "2", "username": "User", "discriminator": "0042", "bot": false}, "roles": []},"#, "")
        .replace("\"member_count\": 3", "\"member_count\": 2")
        .replace("\"Admin\"", "\"Chief\"");
    for contents in [GUILD, GUILD, &less] {
        std::fs::write(&file, contents).unwrap();
        let guilds = import::check(std::slice::from_ref(&file)).unwrap();
        block_on(import::apply(
            &guilds,
            &memory,
            &clock,
            &ProgressBar::hidden(),
            |_| Ok(()),
        ))
        .unwrap();
    }
    assert_eq!(counts(&memory, 10), (Some(2), Some(1), Some(2)));
    assert_eq!(shown(&memory, 10, 2), None);
    assert_eq!(
        shown(&memory, 10, 3),
        Some(("robot".into(), vec!["Chief".into()]))
    );
}

#[test]
fn a_file_that_changes_between_the_readings_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("guild.json");
    std::fs::write(&file, GUILD).unwrap();
    let guilds = import::check(std::slice::from_ref(&file)).unwrap();
    std::fs::write(&file, GUILD.replace("\"robot\"", "\"ro\u{1}bot\"")).unwrap();
    let memory = Memory::new();
    let (clock, hidden) = (SystemClock::new(), ProgressBar::hidden());
    let applied = import::apply(&guilds, &memory, &clock, &hidden, |_| Ok(()));
    let failure = block_on(applied).unwrap_err();
    assert!(
        failure
            .to_string()
            .contains("the file changed while it was read"),
        "{failure}"
    );
    assert_eq!(stats(&memory, 10), None);
}
