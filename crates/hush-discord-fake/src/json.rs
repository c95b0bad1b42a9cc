//! Discord's objects as JSON, whole: clients refuse an object that lacks a field.

use serde_json::{Value, json};
use time::{OffsetDateTime, UtcOffset};

use crate::session::Wishes;
use crate::setup::{Setup, intents};
use crate::world::{Ban, Channel, Guild, Member, Role, User};

/// When everybody joined, every thread was made, and the bot came.
const ONCE: &str = "2024-03-01T12:00:00.000000+00:00";

pub(crate) fn user(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "username": user.name,
        "discriminator": discriminator(user),
        "global_name": null,
        "avatar": null,
        "avatar_decoration_data": null,
        "bot": user.bot,
        "public_flags": 0,
    })
}

/// The bot's own user, which it is told more about.
pub(crate) fn own_user(bot: &User) -> Value {
    json!({
        "id": bot.id.to_string(),
        "username": bot.name,
        "discriminator": discriminator(bot),
        "global_name": null,
        "avatar": null,
        "bot": true,
        "email": null,
        "flags": 0,
        "mfa_enabled": true,
        "verified": true,
    })
}

fn discriminator(user: &User) -> String {
    // People have a bare zero since they have unique names.
    if user.discriminator == 0 {
        "0".to_owned()
    } else {
        format!("{:04}", user.discriminator)
    }
}

pub(crate) fn member(member: &Member) -> Value {
    json!({
        "user": user(&member.user),
        "roles": ids(&member.roles),
        "nick": member.nick,
        "avatar": null,
        "joined_at": ONCE,
        "premium_since": null,
        "deaf": false,
        "mute": false,
        "flags": 0,
        "pending": false,
        "communication_disabled_until": member.timed_out_until.map(timestamp),
    })
}

/// A member, with the server it is in: what the member events carry.
pub(crate) fn member_in(guild: u64, of: &Member) -> Value {
    let mut value = member(of);
    value["guild_id"] = guild.to_string().into();
    value
}

/// A presence as `PRESENCE_UPDATE` carries it, with a game that makes it about as long as Discord's are.
pub(crate) fn presence_in(guild: u64, of: &Member) -> Value {
    let mut value = presence(of);
    value["guild_id"] = guild.to_string().into();
    value
}

/// A presence as a server's and a chunk's list of them carries it.
pub(crate) fn presence(of: &Member) -> Value {
    let (client, activities) = if of.status.is_seen() {
        let playing = json!({
            "type": 0,
            "name": "A Game of Some Length",
            "id": "ec0b28a579ecb4bd",
            "created_at": 1_709_294_400_000_u64,
            "timestamps": {"start": 1_709_294_400_000_u64},
            "details": "In the lobby",
            "state": "Waiting for others",
            "application_id": "432980957394370572",
        });
        (json!({"desktop": of.status.told()}), json!([playing]))
    } else {
        (json!({}), json!([]))
    };
    json!({
        "user": {"id": of.user.id.to_string()},
        "status": of.status.told(),
        "client_status": client,
        "activities": activities,
    })
}

pub(crate) fn role(role: &Role) -> Value {
    json!({
        "id": role.id.to_string(),
        "name": role.name,
        "description": null,
        "position": role.position,
        "permissions": role.permissions.to_string(),
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
        "hoist": false,
        "icon": null,
        "unicode_emoji": null,
        "managed": role.managed,
        "mentionable": false,
        "flags": 0,
    })
}

pub(crate) fn channel(channel: &Channel) -> Value {
    json!({
        "id": channel.id.to_string(),
        "type": channel.kind,
        "name": channel.name,
        "position": 0,
        "parent_id": channel.parent.map(|id| id.to_string()),
        "permission_overwrites": [],
        "topic": null,
        "nsfw": false,
        "last_message_id": null,
        "rate_limit_per_user": 0,
        "flags": 0,
    })
}

/// A channel, with the server it is in: what the channel events carry.
pub(crate) fn channel_in(guild: u64, of: &Channel) -> Value {
    let mut value = channel(of);
    value["guild_id"] = guild.to_string().into();
    value
}

/// A thread, which names its server wherever it stands.
pub(crate) fn thread_in(guild: u64, of: &Channel) -> Value {
    json!({
        "id": of.id.to_string(),
        "guild_id": guild.to_string(),
        "type": of.kind,
        "name": of.name,
        "parent_id": of.parent.map(|id| id.to_string()),
        "owner_id": "1",
        "last_message_id": null,
        "message_count": 0,
        "total_message_sent": 0,
        "member_count": 1,
        "rate_limit_per_user": 0,
        "flags": 0,
        "thread_metadata": {
            "archived": false,
            "archive_timestamp": ONCE,
            "auto_archive_duration": 1440,
            "create_timestamp": ONCE,
            "locked": false,
        },
    })
}

/// What `GUILD_UPDATE` carries: neither members nor channels nor how many there are.
pub(crate) fn guild_alone(guild: &Guild) -> Value {
    json!({
        "id": guild.id.to_string(),
        "name": guild.name,
        "owner_id": guild.owner.to_string(),
        "roles": guild.roles.values().map(role).collect::<Value>(),
        "afk_channel_id": null,
        "afk_timeout": 300,
        "application_id": null,
        "banner": null,
        "default_message_notifications": 1,
        "description": null,
        "discovery_splash": null,
        "emojis": [],
        "explicit_content_filter": 0,
        "features": ["COMMUNITY"],
        "icon": null,
        "max_members": 25_000_000,
        "max_presences": null,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "mfa_level": 0,
        "nsfw": false,
        "nsfw_level": 0,
        "preferred_locale": "en-US",
        "premium_progress_bar_enabled": false,
        "premium_subscription_count": 0,
        "premium_tier": 0,
        "public_updates_channel_id": null,
        "region": "deprecated",
        "rules_channel_id": null,
        "safety_alerts_channel_id": null,
        "splash": null,
        "stickers": [],
        "system_channel_flags": 0,
        "system_channel_id": null,
        "vanity_url_code": null,
        "verification_level": 1,
    })
}

/// What `GUILD_CREATE` carries for a session with these wishes. As Discord documents it, presences and members other
/// than the bot are in it only with the intent for presences, and only up to a size; of a large server only those who
/// are online.
pub(crate) fn guild_whole(guild: &Guild, wishes: &Wishes, setup: &Setup) -> Value {
    let large = guild.member_count() > wishes.large_threshold;
    let wants = |intent| wishes.intents & intent != 0;
    let shows_presences =
        wants(intents::GUILD_PRESENCES) && guild.member_count() <= setup.shown_up_to;
    let shows_members = shows_presences && wants(intents::GUILD_MEMBERS);
    let is_shown = |of: &&Member| {
        of.user.id == setup.bot.id || shows_members && (!large || of.status.is_seen())
    };
    let mut value = guild_alone(guild);
    value["joined_at"] = ONCE.into();
    value["large"] = large.into();
    value["unavailable"] = false.into();
    value["member_count"] = guild.member_count().into();
    value["members"] = guild
        .members
        .values()
        .filter(is_shown)
        .map(member)
        .collect();
    value["presences"] = guild
        .members
        .values()
        .filter(|of| shows_presences && of.status.is_seen())
        .map(presence)
        .collect();
    value["channels"] = guild.channels.values().map(channel).collect();
    value["threads"] = guild
        .threads
        .values()
        .map(|thread| thread_in(guild.id, thread))
        .collect();
    for empty in [
        "voice_states",
        "stage_instances",
        "guild_scheduled_events",
        "soundboard_sounds",
    ] {
        value[empty] = json!([]);
    }
    value
}

/// A message of the bot's.
pub(crate) fn message(id: u64, channel: &str, bot: &User, body: &Value) -> Value {
    json!({
        "id": id.to_string(),
        "channel_id": channel,
        "author": user(bot),
        "content": body["content"].as_str().unwrap_or_default(),
        "timestamp": ONCE,
        "edited_timestamp": null,
        "tts": false,
        "mention_everyone": false,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": false,
        "type": 0,
        "flags": body["flags"].as_u64().unwrap_or_default(),
    })
}

/// A ban as it is asked for.
pub(crate) fn ban(ban: &Ban) -> Value {
    json!({"reason": ban.reason, "user": user(&ban.user)})
}

/// A time as Discord writes it, such as `2024-03-01T12:00:00.000000+00:00`.
fn timestamp(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let (date, time) = (at.date(), at.time());
    let (hour, minute, second, micro) = time.as_hms_micro();
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{micro:06}+00:00")
}

pub(crate) fn ids<'a>(ids: impl IntoIterator<Item = &'a u64>) -> Value {
    ids.into_iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Status;

    #[test]
    fn a_presence_is_about_as_long_as_discord_s() {
        let member = Member::new(User::new(1_000_000_000_000_000_000, "ada"));
        let length = |status| {
            let member = member.clone().with_status(status);
            presence_in(1_000_000_000_000_000_000, &member)
                .to_string()
                .len()
        };
        assert!((350..=500).contains(&length(Status::Online)));
        assert!((100..=200).contains(&length(Status::Invisible)));
    }
}
