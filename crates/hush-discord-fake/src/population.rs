//! Servers with many members, the same ones for the same seed.

use fastrand::Rng;

use crate::setup::permissions;
use crate::world::{Channel, Guild, Member, Role, Status, User};

/// Parts of usernames: what people really use, several scripts and emoji included.
const NAMES: [&str; 8] = [
    "ada",
    "grace",
    "Ærøskøbing",
    "Μαρία",
    "Олег",
    "小林",
    "عمر",
    "🦀🌙",
];

/// How many servers of which size.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    /// How many servers.
    pub servers: u64,
    /// How many members each has, beside the bot that looks at them.
    pub members: u64,
    /// How many of those are bots.
    pub bots: u64,
    /// What chance depends on.
    pub seed: u64,
}

impl Population {
    /// The servers one by one. Each is owned by its first member, who is no bot, and lets the bot that is added do
    /// everything.
    pub fn guilds(self) -> impl Iterator<Item = Guild> {
        let mut rng = Rng::with_seed(self.seed);
        (1..=self.servers).map(move |number| self.guild(number, &mut rng))
    }

    fn guild(self, number: u64, rng: &mut Rng) -> Guild {
        let id = number << 22;
        let first = 1_000_000_000_000 + number * (self.members + 1);
        let mut guild = Guild::new(id, &format!("Server {number}"), first)
            .with_channel(Channel::text(id + 1, "general"))
            .with_thread(Channel::thread(id + 2, "introductions", id + 1));
        let roles: Vec<u64> = (10..15).map(|it| id + it).collect();
        for (position, role) in (1..).zip(&roles) {
            guild = guild.with_role(Role::new(*role, &format!("Role {position}"), position));
        }
        let own = Role {
            permissions: permissions::ADMINISTRATOR,
            managed: true,
            ..Role::new(id + 20, "Hush", 6)
        };
        guild = guild.with_bot_roles(&[own.id]).with_role(own);
        for index in 0..self.members {
            let name = NAMES[rng.usize(..NAMES.len())];
            let user = User {
                bot: index > 0 && index >= self.members.saturating_sub(self.bots),
                ..User::new(first + index, &format!("{name}{index}"))
            };
            let held: Vec<u64> = roles.iter().copied().filter(|_| rng.u8(..) < 64).collect();
            let member = Member::new(user).with_roles(&held).with_status(status(rng));
            guild = guild.with_member(member);
        }
        guild
    }
}

/// A status by chance, each as likely as another.
pub(crate) fn status(rng: &mut Rng) -> Status {
    match rng.u8(..4) {
        0 => Status::Online,
        1 => Status::Idle,
        2 => Status::Dnd,
        _ => Status::Offline,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_population_is_as_asked_for_and_always_the_same() {
        let population = Population {
            servers: 3,
            members: 50,
            bots: 5,
            seed: 1,
        };
        let guilds: Vec<Guild> = population.guilds().collect();
        assert_eq!(guilds.len(), 3);
        for guild in &guilds {
            assert_eq!((guild.member_count(), guild.bots()), (50, 5));
            assert!((1..50).contains(&guild.online()));
            assert!(!guild.members[&guild.owner].user.bot);
        }
        assert!(population.guilds().eq(guilds));
    }
}
