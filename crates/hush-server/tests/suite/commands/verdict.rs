//! What the API says of commands, held against what was done.

use std::collections::{BTreeMap, BTreeSet};

use hush_discord_fake::{Deed, Effect, World};
use serde_json::Value;

use super::orders::Wanted;

/// A command that has come to its end.
#[derive(Debug)]
pub(super) struct Record {
    /// Its place among those that were sent about the same.
    pub(super) number: usize,
    pub(super) wanted: Wanted,
    /// As the API shows it.
    pub(super) command: Value,
}

impl Record {
    pub(super) fn id(&self) -> &str {
        self.command["id"].as_str().unwrap()
    }

    pub(super) fn kind(&self) -> &str {
        self.wanted.body["type"].as_str().unwrap()
    }

    pub(super) fn state(&self) -> &str {
        self.command["state"].as_str().unwrap()
    }

    /// How often it was begun.
    pub(super) fn attempts(&self) -> u64 {
        self.command["attempts"].as_u64().unwrap()
    }

    /// Why it failed.
    pub(super) fn code(&self) -> Option<&str> {
        self.command["failure"]["code"].as_str()
    }
}

/// The id of the command that an effect comes from.
pub(super) fn author(effect: &Effect) -> &str {
    if effect.deed == Deed::Message {
        return effect.body["nonce"].as_str().unwrap();
    }
    // What the audit log of Discord says unless a reason was given.
    let reason = effect.reason.as_deref().unwrap();
    let rest = reason.strip_prefix("Hush command ").unwrap();
    rest.split(' ').next().unwrap()
}

/// The effects of each command.
pub(super) fn by_author(effects: &[Effect]) -> BTreeMap<&str, Vec<&Effect>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for effect in effects {
        found.entry(author(effect)).or_default().push(effect);
    }
    found
}

/// Every command has done what its state says, and nothing twice; and on each user and channel they acted in order.
pub(super) fn agrees(records: &[Record], effects: &[Effect]) {
    let found = by_author(effects);
    let numbers: BTreeMap<_, _> = records.iter().map(|it| (it.id(), it.number)).collect();
    assert_eq!(numbers.len(), records.len(), "two commands have one id");
    for author in found.keys() {
        assert!(numbers.contains_key(author), "nobody sent {author}");
    }
    for record in records {
        let effects = found.get(record.id()).map_or(&[][..], Vec::as_slice);
        let mut changed = BTreeSet::new();
        for effect in effects {
            assert_eq!(effect.guild, record.wanted.server, "{record:?}: {effect:?}");
            let once = !effect.changed || changed.insert(effect.target);
            assert!(once, "it was done twice: {record:?}: {effects:?}");
        }
        match (record.state(), record.code()) {
            ("succeeded", _) if record.kind() == "bulk_ban" => {
                let banned = record.command["result"]["banned_user_ids"].as_array();
                let banned = banned.unwrap().iter().map(|it| it.as_str().unwrap());
                let banned: BTreeSet<u64> = banned.map(|it| it.parse().unwrap()).collect();
                assert_eq!(banned, changed, "{record:?}");
            }
            // An earlier attempt may have lifted the ban, so that there is none any more.
            ("succeeded", _) if record.kind() == "unban" && record.attempts() > 1 => {}
            ("succeeded", _) => assert!(!effects.is_empty(), "it was not done: {record:?}"),
            ("failed", Some("outcome-unknown")) => {}
            ("failed" | "expired" | "cancelled", _) => {
                assert!(effects.is_empty(), "it was done: {record:?}: {effects:?}");
            }
            other => panic!("{other:?} is no end: {record:?}"),
        }
    }
    let mut last: BTreeMap<_, usize> = BTreeMap::new();
    for effect in effects {
        let number = numbers[author(effect)];
        let before = last.insert((effect.guild, effect.target), number);
        assert!(
            before.is_none_or(|before| before <= number),
            "after {before:?}: {effect:?}"
        );
    }
}

/// The world is as the commands leave it that were done, one after the other.
pub(super) fn leaves(records: &[Record], effects: &[Effect], world: &World) {
    let found = by_author(effects);
    let mut nicks: BTreeMap<u64, Option<&str>> = BTreeMap::new();
    let mut roles: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut bans = BTreeSet::new();
    for record in records {
        let body = &record.wanted.body;
        let of = |name: &str| body[name].as_str().map_or(0, |id| id.parse().unwrap());
        for effect in found.get(record.id()).into_iter().flatten() {
            let user = effect.target;
            match record.kind() {
                "set_nickname" => drop(nicks.insert(user, body["nickname"].as_str())),
                "add_role" => drop(roles.entry(user).or_default().insert(of("role_id"))),
                "remove_role" => drop(roles.entry(user).or_default().remove(&of("role_id"))),
                "ban" | "bulk_ban" => drop(bans.insert(user)),
                "unban" => drop(bans.remove(&user)),
                _ => {}
            }
        }
    }
    for guild in world.guilds.values() {
        for (user, member) in &guild.members {
            let nick = nicks.get(user).copied().flatten();
            assert_eq!(member.nick.as_deref(), nick, "{user} in {}", guild.id);
            // The bot's own is nobody's doing.
            let held = member
                .roles
                .iter()
                .copied()
                .filter(|id| *id != guild.id + 1);
            let held: BTreeSet<u64> = held.collect();
            assert_eq!(held, roles.remove(user).unwrap_or_default(), "{user}");
        }
    }
    let banned = world.guilds.values().flat_map(|it| it.bans.keys().copied());
    assert_eq!(bans, banned.collect());
}
