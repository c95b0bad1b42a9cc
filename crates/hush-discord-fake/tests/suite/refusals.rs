//! What Discord refuses a bot, and with which code.

use hush_discord_fake::{Fake, Member, Role, Setup, Step, User, permissions};
use twilight_http::Client;
use twilight_http::api_error::ApiError;
use twilight_http::error::{Error, ErrorType};
use twilight_http::request::{Method, RequestBuilder};
use twilight_http::response::marker::EmptyBody;
use twilight_model::id::Id;

use crate::client::{GUILD, OWNER};
use crate::moderation::{ABOVE, ADA, BOTS, HERE, MANAGED, PEER, STRANGER, in_an_hour, moderating};

const ALL: u64 = permissions::ADMINISTRATOR;

/// The status and code of a refusal.
fn refusal<T>(answer: Result<T, Error>) -> (u16, u64) {
    match answer.err().unwrap().kind() {
        ErrorType::Response {
            error: ApiError::General(error),
            status,
            ..
        } => (status.get(), error.code),
        other => panic!("a refusal is wanted: {other:?}"),
    }
}

async fn refused<T>(request: impl IntoFuture<Output = Result<T, Error>>) -> (u16, u64) {
    refusal(request.await)
}

async fn timed_out(client: &Client, user: u64) -> (u16, u64) {
    let until = Some(in_an_hour());
    let request = client.update_guild_member(HERE, Id::new(user));
    refused(request.communication_disabled_until(until)).await
}

fn nothing_happened(fake: &Fake) -> bool {
    fake.effects().is_empty()
}

#[tokio::test]
async fn what_is_not_there_is_unknown() {
    let (fake, client) = moderating(ALL).await;
    let nobody = Id::new(999);
    assert_eq!(timed_out(&client, 999).await, (404, 10007));
    assert_eq!(
        refused(client.remove_guild_member(HERE, nobody)).await,
        (404, 10007)
    );
    assert_eq!(refused(client.create_ban(HERE, nobody)).await, (404, 10013));
    assert_eq!(refused(client.delete_ban(HERE, ADA)).await, (404, 10026));
    assert_eq!(refused(client.ban(HERE, ADA)).await, (404, 10026));
    let role = client.add_guild_member_role(HERE, ADA, Id::new(999));
    assert_eq!(refused(role).await, (404, 10011));
    let role = client.add_guild_member_role(HERE, nobody, Id::new(GUILD + 1));
    assert_eq!(refused(role).await, (404, 10007));
    let elsewhere = client.remove_guild_member(Id::new(1), ADA);
    assert_eq!(refused(elsewhere).await, (403, 50001));
    let message = client.create_message(Id::new(1)).content("Hello.");
    assert_eq!(refused(message).await, (404, 10003));
    assert!(nothing_happened(&fake));
    assert_eq!(fake.invalid_requests(), 1);
}

#[tokio::test]
async fn each_deed_needs_its_permission() {
    use permissions::{
        BAN_MEMBERS, KICK_MEMBERS, MANAGE_GUILD, MANAGE_NICKNAMES, MANAGE_ROLES, MODERATE_MEMBERS,
    };
    let needed = [
        MODERATE_MEMBERS,
        MANAGE_NICKNAMES,
        MANAGE_ROLES,
        KICK_MEMBERS,
        BAN_MEMBERS,
        BAN_MEMBERS | MANAGE_GUILD,
    ];
    let all = needed.into_iter().fold(0, |all, it| all | it);
    for (deed, needed) in needed.into_iter().enumerate() {
        for allowed in [all & !needed, needed] {
            let (fake, client) = moderating(allowed).await;
            let member = || client.update_guild_member(HERE, ADA);
            let stranger = [Id::new(STRANGER)];
            let answer = match deed {
                0 => member()
                    .communication_disabled_until(Some(in_an_hour()))
                    .await
                    .map(|_| ()),
                1 => member().nick(Some("x")).await.map(|_| ()),
                2 => client
                    .remove_guild_member_role(HERE, ADA, Id::new(GUILD + 1))
                    .await
                    .map(|_| ()),
                3 => client.remove_guild_member(HERE, ADA).await.map(|_| ()),
                4 => client.create_ban(HERE, ADA).await.map(|_| ()),
                _ => client.bulk_guild_ban(HERE, &stranger).await.map(|_| ()),
            };
            if allowed == needed {
                answer.unwrap();
                assert_eq!(fake.effects().len(), 1, "{deed}");
            } else {
                assert_eq!(refusal(answer), (403, 50013), "{deed}");
                assert!(nothing_happened(&fake));
            }
        }
    }
}

#[tokio::test]
async fn nobody_acts_on_who_stands_as_high() {
    let (fake, client) = moderating(ALL).await;
    let bot = Setup::default().bot.id;
    for user in [OWNER, ABOVE, bot] {
        let id = Id::new(user);
        assert_eq!(timed_out(&client, user).await, (403, 50013));
        let nick = client.update_guild_member(HERE, id).nick(Some("x"));
        assert_eq!(refused(nick).await, (403, 50013));
        assert_eq!(
            refused(client.remove_guild_member(HERE, id)).await,
            (403, 50013)
        );
        assert_eq!(refused(client.create_ban(HERE, id)).await, (403, 50013));
    }
    for role in [BOTS, PEER, MANAGED] {
        let role = client.add_guild_member_role(HERE, ADA, Id::new(role));
        assert_eq!(refused(role).await, (403, 50013));
    }
    let everyone = client.add_guild_member_role(HERE, ADA, Id::new(GUILD));
    assert_eq!(refused(everyone).await, (400, 50028));
    assert!(nothing_happened(&fake));
    assert_eq!(fake.invalid_requests(), 15);
}

#[tokio::test]
async fn an_administrator_is_not_timed_out_but_may_be_kicked() {
    let (fake, client) = moderating(ALL).await;
    let admin = Role {
        permissions: ALL,
        ..Role::new(1, "admin", 3)
    };
    fake.take(Step::RoleCreated {
        guild: GUILD,
        role: admin,
    });
    fake.take(Step::MemberJoined {
        guild: GUILD,
        member: Member::new(User::new(6, "admin")).with_roles(&[1]),
    });
    assert_eq!(timed_out(&client, 6).await, (403, 50013));
    client.remove_guild_member(HERE, Id::new(6)).await.unwrap();
}

#[tokio::test]
async fn a_body_that_is_wrong_is_refused() {
    let (fake, client) = moderating(ALL).await;
    let member = format!("members/{ADA}");
    for body in [
        r#"{"communication_disabled_until": "soon"}"#,
        r#"{"communication_disabled_until": "2999-01-01T00:00:00Z"}"#,
        r#"{"communication_disabled_until": "2020-01-01T00:00:00Z"}"#,
        r#"{"nick": "123456789012345678901234567890123"}"#,
        r#"{"nick": 1}"#,
    ] {
        let patched = raw(&client, Method::Patch, &member, body).await;
        assert_eq!(patched, (400, 50035), "{body}");
    }
    let long_ago = r#"{"delete_message_seconds": 604801}"#;
    let banned = raw(&client, Method::Put, &format!("bans/{ADA}"), long_ago).await;
    assert_eq!(banned, (400, 50035));
    for body in [r#"{"user_ids": []}"#, r#"{"user_ids": ["x"]}"#, "{}"] {
        let banned = raw(&client, Method::Post, "bulk-ban", body).await;
        assert_eq!(banned, (400, 50035), "{body}");
    }
    let nobody = raw(&client, Method::Delete, "members/x", "").await;
    assert_eq!(nobody, (400, 50035));
    assert!(nothing_happened(&fake));
}

#[tokio::test]
async fn a_server_in_an_outage_is_not_reached() {
    let (fake, client) = moderating(ALL).await;
    fake.take(Step::Outage(GUILD));
    let kick = client.remove_guild_member(HERE, ADA);
    assert_eq!(refused(kick).await, (503, 0));
}

/// The status and code of a request that twilight would not make.
async fn raw(client: &Client, method: Method, path: &str, body: &str) -> (u16, u64) {
    let request = RequestBuilder::raw(method, format!("guilds/{GUILD}/{path}"));
    let request = request.body(body.into()).build().unwrap();
    refusal(client.request::<EmptyBody>(request).await)
}
