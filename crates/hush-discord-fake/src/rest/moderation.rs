//! What a bot does to members of a server, allowed and refused as Discord does it.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::effects::Deed;
use super::{Asking, Reply, now};
use crate::chunks::id;
use crate::json;
use crate::setup::permissions::{
    ADMINISTRATOR, BAN_MEMBERS, KICK_MEMBERS, MANAGE_GUILD, MANAGE_NICKNAMES, MANAGE_ROLES,
    MODERATE_MEMBERS,
};
use crate::state::State;
use crate::step::Step;
use crate::world::{Guild, Member};

/// The longest a timeout may last.
const LONGEST_TIMEOUT: Duration = Duration::days(28);
/// How far back messages of who is banned may be deleted, in seconds.
const FURTHEST_BACK: u64 = 604_800;
/// How many may be banned at once.
const MOST_BANS: usize = 200;

impl State {
    /// Answers a request for a path below `/guilds/`; the error is an answer too.
    pub(super) fn answer_guild(
        &mut self,
        method: &Method,
        guild: &str,
        rest: &[&str],
        asking: &Asking,
    ) -> Result<Reply, Reply> {
        let found = guild.parse().ok().and_then(|it| self.world.guilds.get(&it));
        let guild = found.ok_or_else(missing_access)?;
        if guild.unavailable {
            let message = "503: Service Unavailable";
            return Err(Reply::error(StatusCode::SERVICE_UNAVAILABLE, 0, message));
        }
        let guild = guild.id;
        match (method, rest) {
            (&Method::PATCH, ["members", user]) => {
                self.change_member(guild, snowflake(user)?, asking)
            }
            (&Method::DELETE, ["members", user]) => self.kick(guild, snowflake(user)?, asking),
            (&Method::PUT | &Method::DELETE, ["members", user, "roles", role]) => {
                let gives = method == Method::PUT;
                let (user, role) = (snowflake(user)?, snowflake(role)?);
                self.change_role(guild, user, role, gives, asking)
            }
            (&Method::GET, ["bans", user]) => {
                self.permit(guild, BAN_MEMBERS)?;
                let ban = self.guild(guild)?.bans.get(&snowflake(user)?);
                Ok(Reply::ok(json::ban(ban.ok_or_else(unknown_ban)?)))
            }
            (&Method::PUT, ["bans", user]) => {
                self.permit(guild, BAN_MEMBERS)?;
                check_ban(&asking.body)?;
                self.ban(guild, snowflake(user)?, asking, Deed::Ban)?;
                Ok(Reply::nothing())
            }
            (&Method::DELETE, ["bans", user]) => {
                let user = snowflake(user)?;
                self.permit(guild, BAN_MEMBERS)?;
                if !self.take(Step::Unbanned { guild, user }) {
                    return Err(unknown_ban());
                }
                self.effect(Deed::Unban, guild, user, true, asking);
                Ok(Reply::nothing())
            }
            (&Method::POST, ["bulk-ban"]) => self.bulk_ban(guild, asking),
            _ => Err(Reply::unknown_path()),
        }
    }

    fn change_member(&mut self, guild: u64, user: u64, asking: &Asking) -> Result<Reply, Reply> {
        let body = &asking.body;
        let until = body.get("communication_disabled_until").map(until);
        let until = until.transpose()?;
        let nick = body.get("nick").map(nick).transpose()?;
        if until.is_some() {
            self.permit(guild, MODERATE_MEMBERS)?;
        }
        if nick.is_some() {
            self.permit(guild, MANAGE_NICKNAMES)?;
        }
        let member = self.member(guild, user)?.clone();
        self.outrank(guild, user)?;
        let rights = self.guild(guild)?.permissions_of(user);
        if until.flatten().is_some() && rights & ADMINISTRATOR != 0 {
            return Err(missing_permissions());
        }
        if let Some(until) = until {
            let changes =
                member.timed_out_until != until && self.take(Step::TimedOut { guild, user, until });
            let deed = until.map_or(Deed::TimeoutLifted, |_| Deed::Timeout);
            self.effect(deed, guild, user, changes, asking);
        }
        if let Some(nick) = nick {
            let changes = member.nick != nick && self.take(Step::Nicknamed { guild, user, nick });
            self.effect(Deed::Nick, guild, user, changes, asking);
        }
        Ok(Reply::ok(json::member(self.member(guild, user)?)))
    }

    fn kick(&mut self, guild: u64, user: u64, asking: &Asking) -> Result<Reply, Reply> {
        self.permit(guild, KICK_MEMBERS)?;
        self.member(guild, user)?;
        self.outrank(guild, user)?;
        let changes = self.take(Step::MemberLeft { guild, user });
        self.effect(Deed::Kick, guild, user, changes, asking);
        Ok(Reply::nothing())
    }

    fn change_role(
        &mut self,
        guild: u64,
        user: u64,
        role: u64,
        gives: bool,
        asking: &Asking,
    ) -> Result<Reply, Reply> {
        self.permit(guild, MANAGE_ROLES)?;
        let member = self.member(guild, user)?;
        let (who, mut roles) = (member.user.clone(), member.roles.clone());
        let place = self.guild(guild)?;
        let wanted = place.roles.get(&role).ok_or_else(unknown_role)?;
        if role == guild {
            return Err(Reply::error(StatusCode::BAD_REQUEST, 50028, "Invalid Role"));
        }
        if wanted.managed || !place.is_above_role(self.setup.bot.id, wanted) {
            return Err(missing_permissions());
        }
        let changes = roles.contains(&role) != gives;
        if changes {
            roles.retain(|it| *it != role);
            roles.extend(gives.then_some(role));
            let user = who;
            self.take(Step::MemberChanged { guild, user, roles });
        }
        let deed = if gives {
            Deed::RoleAdded(role)
        } else {
            Deed::RoleRemoved(role)
        };
        self.effect(deed, guild, user, changes, asking);
        Ok(Reply::nothing())
    }

    fn bulk_ban(&mut self, guild: u64, asking: &Asking) -> Result<Reply, Reply> {
        self.permit(guild, BAN_MEMBERS | MANAGE_GUILD)?;
        check_ban(&asking.body)?;
        let users = asking.body["user_ids"].as_array().map(Vec::as_slice);
        let users: Option<Vec<u64>> = users.unwrap_or_default().iter().map(id).collect();
        let mut users = users.ok_or_else(|| Reply::invalid("user_ids: no list of ids"))?;
        if !(1..=MOST_BANS).contains(&users.len()) {
            return Err(Reply::invalid("user_ids: not 1 to 200"));
        }
        users.sort_unstable();
        users.dedup();
        let (mut banned, mut failed) = (Vec::new(), Vec::new());
        for user in users {
            let is_new = !self.guild(guild)?.bans.contains_key(&user);
            if is_new && self.ban(guild, user, asking, Deed::BulkBan).is_ok() {
                banned.push(user);
            } else {
                failed.push(user);
            }
        }
        if banned.is_empty() {
            let message = "Failed to ban users";
            return Err(Reply::error(StatusCode::BAD_REQUEST, 500_000, message));
        }
        let (banned, failed) = (json::ids(&banned), json::ids(&failed));
        Ok(Reply::ok(
            json!({"banned_users": banned, "failed_users": failed}),
        ))
    }

    fn ban(&mut self, guild: u64, user: u64, asking: &Asking, deed: Deed) -> Result<(), Reply> {
        let who = self.user(user).ok_or_else(unknown_user)?.clone();
        if self.guild(guild)?.members.contains_key(&user) {
            self.outrank(guild, user)?;
        }
        let reason = asking.reason.clone();
        let changes = self.take(Step::Banned {
            guild,
            user: who,
            reason,
        });
        self.effect(deed, guild, user, changes, asking);
        Ok(())
    }

    fn guild(&self, guild: u64) -> Result<&Guild, Reply> {
        self.world.guilds.get(&guild).ok_or_else(missing_access)
    }

    fn member(&self, guild: u64, user: u64) -> Result<&Member, Reply> {
        let member = self.guild(guild)?.members.get(&user);
        member.ok_or_else(|| Reply::error(StatusCode::NOT_FOUND, 10007, "Unknown Member"))
    }

    /// Refuses what the bot's roles do not allow.
    pub(super) fn permit(&self, guild: u64, needed: u64) -> Result<(), Reply> {
        let held = self.guild(guild)?.permissions_of(self.setup.bot.id);
        (held & needed == needed)
            .then_some(())
            .ok_or_else(missing_permissions)
    }

    /// Refuses who does not stand below the bot.
    fn outrank(&self, guild: u64, user: u64) -> Result<(), Reply> {
        let guild = self.guild(guild)?;
        guild
            .is_above(self.setup.bot.id, user)
            .then_some(())
            .ok_or_else(missing_permissions)
    }
}

fn snowflake(text: &str) -> Result<u64, Reply> {
    let wrong = || Reply::invalid(&format!("Value \"{text}\" is not snowflake."));
    text.parse().map_err(|_| wrong())
}

/// The end of a timeout; none lifts it.
fn until(value: &Value) -> Result<Option<OffsetDateTime>, Reply> {
    if value.is_null() {
        return Ok(None);
    }
    let text = value.as_str().unwrap_or_default();
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .filter(|until| (now()..=now() + LONGEST_TIMEOUT).contains(until))
        .map(Some)
        .ok_or_else(|| Reply::invalid("communication_disabled_until: no time in the next 28 days"))
}

/// A nickname; an empty one is none.
fn nick(value: &Value) -> Result<Option<String>, Reply> {
    let nick = value.as_str().filter(|it| !it.is_empty());
    if nick.is_some_and(|it| it.chars().count() > 32) || !(value.is_string() || value.is_null()) {
        return Err(Reply::invalid("nick: not up to 32 characters"));
    }
    Ok(nick.map(str::to_owned))
}

fn check_ban(body: &Value) -> Result<(), Reply> {
    let seconds = &body["delete_message_seconds"];
    let is_fine = seconds.is_null() || seconds.as_u64().is_some_and(|it| it <= FURTHEST_BACK);
    is_fine
        .then_some(())
        .ok_or_else(|| Reply::invalid("delete_message_seconds: not 0 to 604800"))
}

pub(super) fn missing_access() -> Reply {
    Reply::error(StatusCode::FORBIDDEN, 50001, "Missing Access")
}

fn missing_permissions() -> Reply {
    Reply::error(StatusCode::FORBIDDEN, 50013, "Missing Permissions")
}

fn unknown_ban() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, 10026, "Unknown Ban")
}

fn unknown_role() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, 10011, "Unknown Role")
}

fn unknown_user() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, 10013, "Unknown User")
}
