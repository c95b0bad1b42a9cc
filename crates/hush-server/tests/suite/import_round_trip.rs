//! Whatever servers there are: as JSON, in whatever order, they are read back as they were. And whatever else is
//! in a file does no harm.

use std::collections::{BTreeMap, BTreeSet};

use hush_domain::ids::{ServerId, UserId};
use hush_domain::presence::Presence;
use hush_domain::roles::{Role, RoleName};
use hush_domain::users::{Member, User, Username};
use hush_ports::{PageRequest, StatsReader, Users};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use crate::import::{GUILD, block_on, import};

const SERVER: u64 = 500;

#[derive(Debug, Clone)]
struct Guild {
    roles: BTreeMap<u64, (String, i32)>,
    members: BTreeMap<u64, Person>,
    presences: Option<BTreeMap<u64, Presence>>,
    unlisted: u64,
    order: u64,
}

#[derive(Debug, Clone)]
struct Person {
    name: String,
    discriminator: Option<u16>,
    bot: bool,
    roles: BTreeSet<u64>,
}

fn guild() -> impl Strategy<Value = Guild> {
    let name = "[ -~äß語🤫\\\\\"]{1,40}";
    let roles = prop::collection::btree_map(1..20_u64, (name, any::<i32>()), 0..6);
    let person = (
        name,
        prop::option::of(1..=9999_u16),
        any::<bool>(),
        subsequence((1..20).collect::<Vec<_>>(), 0..5),
    );
    let person = person.prop_map(|(name, discriminator, bot, roles)| Person {
        name,
        discriminator,
        bot,
        roles: roles.into_iter().collect(),
    });
    let members = prop::collection::btree_map(1..40_u64, person, 0..12);
    let status = prop::sample::select(Presence::ALL.to_vec());
    let presences = prop::option::of(prop::collection::btree_map(1..40_u64, status, 0..12));
    (roles, members, presences, 0..3_u64, any::<u64>()).prop_map(
        |(roles, members, presences, unlisted, order)| Guild {
            roles,
            members,
            presences,
            unlisted,
            order,
        },
    )
}

impl Guild {
    fn json(&self) -> String {
        let roles = self.roles.iter().map(|(id, (name, position))| {
            json!({"id": id.to_string(), "name": name, "position": position, "permissions": "8", "x": [{}]})
        });
        let members = self.members.iter().map(|(id, person)| {
            let mut user = json!({"id": id.to_string(), "username": person.name, "avatar": null});
            if let Some(number) = person.discriminator {
                user["discriminator"] = json!(format!("{number:04}"));
            }
            if person.bot {
                user["bot"] = json!(true);
            }
            let roles: Vec<_> = person.roles.iter().map(ToString::to_string).collect();
            json!({"user": user, "roles": roles, "nick": "]}\"", "deaf": false})
        });
        let mut guild = json!({
            "id": SERVER.to_string(), "name": "x", "owner_id": "1",
            "member_count": self.members.len() as u64 + self.unlisted,
            "roles": roles.collect::<Vec<_>>(), "members": members.collect::<Vec<_>>(),
            "features": [], "stickers": [{"tags": "members\": ["}], "afk_timeout": 1.5e3,
        });
        if let Some(presences) = &self.presences {
            guild["presences"] = presences
                .iter()
                .map(|(id, status)| json!({"user": {"id": id.to_string()}, "status": status.as_str(), "game": null}))
                .collect();
        }
        let mut text = String::new();
        write(&guild, &mut self.order.clone(), &mut text);
        text
    }

    fn expected(&self) -> Vec<Member> {
        let server = ServerId::try_from(SERVER).unwrap();
        let role = |id: &u64| {
            let (name, position) = self.roles.get(id)?;
            Some(Role {
                id: (*id).try_into().unwrap(),
                name: name.parse::<RoleName>().unwrap(),
                position: *position,
                permissions: "8".parse().unwrap(),
                managed: false,
            })
        };
        let member = |(id, person): (&u64, &Person)| {
            let user = User {
                id: UserId::try_from(*id).unwrap(),
                username: Username::new(&person.name, person.discriminator).unwrap(),
                bot: person.bot,
            };
            Member::new(server, user, person.roles.iter().filter_map(role).collect())
        };
        self.members.iter().map(member).collect()
    }

    fn expected_counts(&self) -> (Option<u64>, Option<u64>, Option<u64>) {
        let complete = self.unlisted == 0;
        let bots = self.members.values().filter(|person| person.bot).count() as u64;
        let online = self.presences.as_ref().map(|presences| {
            let is_online = |id: &&u64| {
                presences
                    .get(*id)
                    .is_some_and(|presence| presence.is_online())
            };
            self.members.keys().filter(is_online).count() as u64
        });
        let members = self.members.len() as u64 + self.unlisted;
        (
            Some(members),
            complete.then_some(bots),
            online.filter(|_| complete),
        )
    }
}

/// Writes JSON with the fields of every object in an order that `order` decides.
fn write(value: &Value, order: &mut u64, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            // Any permutation will do: a step of a linear congruential generator picks each next field.
            text.push('{');
            while !fields.is_empty() {
                *order = order
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let (name, field) = fields.swap_remove((*order >> 33) as usize % fields.len());
                text.push_str(&json!(name).to_string());
                text.push(':');
                write(field, order, text);
                text.push_str(if fields.is_empty() { "" } else { " ,\n" });
            }
            text.push('}');
        }
        Value::Array(elements) => {
            text.push_str("[ ");
            for (place, element) in elements.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { " , " });
                write(element, order, text);
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

proptest! {
    #[test]
    fn an_imported_server_reads_back_as_it_was(guild in guild()) {
        let memory = import(&[&guild.json()]).unwrap();
        let server = ServerId::try_from(SERVER).unwrap();
        let page = PageRequest { limit: 1000, ..PageRequest::default() };
        let members = block_on(memory.page(server, page)).unwrap();
        prop_assert_eq!(members, guild.expected());
        let stats = block_on(memory.server_stats(server)).unwrap().unwrap();
        prop_assert_eq!((stats.members, stats.bots, stats.online), guild.expected_counts());
    }

    #[test]
    fn a_file_with_anything_in_it_is_imported_or_refused_in_one_line(
        place in 0..GUILD.len(),
        length in 0..40_usize,
        put in "[\\PC\\x00-\\x1f\"{}\\[\\],:0-9\\\\]{0,20}",
    ) {
        let cut = |index: usize| GUILD.floor_char_boundary(index.min(GUILD.len()));
        let changed = format!("{}{put}{}", &GUILD[..cut(place)], &GUILD[cut(place + length)..]);
        if let Err(line) = import(&[&changed]) {
            prop_assert!(line.starts_with("0.json:") && !line.contains('\n'), "{}", line);
        }
    }
}
