//! The audit log: who acts, what is written of it, and that nothing personal is.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use hush_domain::audit::{
    self, Action, Actor, ActorKind, Details, Entry, GivenReason, InvalidRequestId, Reason,
    RequestId, Target, UnknownAction,
};
use hush_domain::ids::{CommandId, ServerId};
use hush_domain::scopes::Scope;
use hush_domain::settings::ServerSettings;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NamedServers, Token};
use serde_json::{Value, json};

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_800_000_000_000_000 + second * 1_000_000).unwrap()
}

fn server(number: u64) -> ServerId {
    number.try_into().unwrap()
}

/// A token whose every id is a number that nothing else has.
fn token() -> Token {
    let servers = [333, 444, 555].map(server).to_vec();
    Token {
        id: 111_u64.try_into().unwrap(),
        user: 222_u64.try_into().unwrap(),
        name: "Ann's private key".parse().unwrap(),
        hint: "hush_Qw3x".parse().unwrap(),
        servers: NamedServers::new(servers).unwrap(),
        scopes: [Scope::TokensWrite, Scope::UsersRead].into_iter().collect(),
        created_at: at(0),
        expires_at: Some(at(60)),
        revoked_at: None,
        parent: Some(666_u64.try_into().unwrap()),
        last_used_at: None,
    }
}

fn json(details: Option<&Details>) -> Value {
    let read = |details: &Details| serde_json::from_str(details.as_str()).unwrap();
    details.map_or(Value::Null, read)
}

/// An entry for each server of [`token`], each the same but for it, with nothing of another server or of the person.
fn everywhere(entries: &[Entry], action: Action, before: &Value, after: &Value) {
    let servers: Vec<_> = entries.iter().map(|entry| entry.server).collect();
    assert_eq!(servers, [333, 444, 555].map(server));
    for entry in entries {
        assert_eq!(entry.action, action);
        assert_eq!(entry.target, Target::Token(token().id, token().user));
        let said = [&entry.before, &entry.after].map(|details| json(details.as_ref()));
        assert_eq!([&said[0], &said[1]], [before, after]);
        let said = format!("{:?} {:?}", entry.before, entry.after);
        for foreign in ["333", "444", "555", "Ann", "hush_", "Qw3x"] {
            assert!(!said.contains(foreign), "{foreign} in {said}");
        }
    }
}

#[test]
fn a_token_that_is_made_is_told_in_each_of_its_servers() {
    let after = json!({
        "expires_at": "2027-01-15T08:01:00Z",
        "parent_id": "666",
        "scopes": ["users:read", "tokens:write"],
    });
    let entries = audit::token_created(&token());
    everywhere(&entries, Action::TokenCreated, &Value::Null, &after);
    let bare = Token {
        expires_at: None,
        parent: None,
        scopes: [].into_iter().collect(),
        ..token()
    };
    let after = json!({"expires_at": null, "parent_id": null, "scopes": []});
    let entries = audit::token_created(&bare);
    everywhere(&entries, Action::TokenCreated, &Value::Null, &after);
}

#[test]
fn a_rotation_a_revocation_and_a_leak_say_when_something_ends() {
    let rotated = audit::token_rotated(&token(), at(5));
    let until = |second: i64| json!({"former_secret_until": at(second).to_string()});
    everywhere(&rotated, Action::TokenRotated, &Value::Null, &until(5));
    let leaked = audit::former_secret_leaked(&token(), at(9), at(6));
    everywhere(&leaked, Action::FormerSecretLeaked, &until(9), &until(6));
    for action in [Action::TokenRevoked, Action::TokenLeaked] {
        let revoked = audit::token_revoked(&token(), action, at(7));
        let before = json!({"revoked_at": null});
        let after = json!({"revoked_at": "2027-01-15T08:00:07Z"});
        everywhere(&revoked, action, &before, &after);
    }
}

#[test]
fn taking_a_server_off_is_told_there_and_says_nothing_of_others() {
    let entry = audit::server_removed(&token(), server(444));
    let expected = Entry {
        server: server(444),
        action: Action::ServerRemoved,
        target: Target::Token(token().id, token().user),
        before: None,
        after: None,
    };
    assert_eq!(entry, expected);
}

#[test]
fn settings_are_told_as_they_were_and_as_they_are() {
    let after = ServerSettings {
        api_enabled: false,
        admin_roles: [7_u64, 8].map(|role| role.try_into().unwrap()).to_vec(),
    };
    let entry = audit::settings_updated(server(3), &ServerSettings::default(), &after);
    assert_eq!((entry.server, entry.target), (server(3), Target::Settings));
    assert_eq!(entry.action, Action::SettingsUpdated);
    let before = json!({"admin_role_ids": [], "api_enabled": true});
    let after = json!({"admin_role_ids": ["7", "8"], "api_enabled": false});
    assert_eq!(json(entry.before.as_ref()), before);
    assert_eq!(json(entry.after.as_ref()), after);
}

#[test]
fn details_read_back_as_they_were_stored() {
    let entry = audit::token_rotated(&token(), at(5)).remove(0);
    let text = entry.after.as_ref().unwrap().as_str().to_owned();
    assert_eq!(Some(Details::stored(text)), entry.after);
}

#[test]
fn every_action_reads_back_from_its_name() {
    let names = Action::ALL.map(Action::as_str);
    let expected = [
        "token.created",
        "token.rotated",
        "token.revoked",
        "token.leaked",
        "token.former_secret_leaked",
        "token.server_removed",
        "settings.updated",
        "command.queued",
        "command.succeeded",
        "command.failed",
        "command.expired",
        "command.cancelled",
    ];
    assert_eq!(names, expected);
    for action in Action::ALL {
        assert_eq!(action.as_str().parse(), Ok(action));
    }
    for text in ["", "token", "token.created ", "Token.Created", "token.*"] {
        assert_eq!(text.parse::<Action>(), Err(UnknownAction), "{text:?}");
    }
}

#[test]
fn actors_and_targets_read_back_from_their_parts() {
    let (token, user) = (token().id, token().user);
    let actors = [
        Actor::Operator,
        Actor::Token { token, user },
        Actor::Interaction { user },
    ];
    for (actor, kind) in actors.into_iter().zip(ActorKind::ALL) {
        assert_eq!(actor.kind(), kind);
        let parts = Actor::from_parts(kind.as_str(), actor.token(), actor.user());
        assert_eq!(parts, Some(actor));
    }
    let names = ActorKind::ALL.map(ActorKind::as_str);
    assert_eq!(names, ["operator", "token", "interaction"]);
    for (kind, token, user) in [
        ("operator", None, Some(user)),
        ("operator", Some(token), None),
        ("token", Some(token), None),
        ("token", None, Some(user)),
        ("interaction", None, None),
        ("interaction", Some(token), Some(user)),
        ("user", None, Some(user)),
        ("", None, None),
    ] {
        assert_eq!(Actor::from_parts(kind, token, user), None, "{kind}");
    }
    let command: CommandId = 77_u64.try_into().unwrap();
    for (action, target) in [
        (Action::SettingsUpdated, Target::Settings),
        (Action::TokenRevoked, Target::Token(token, user)),
        (Action::CommandQueued, Target::Command(command, Some(user))),
        (Action::CommandCancelled, Target::Command(command, None)),
    ] {
        let parts = Target::from_parts(action, target.id(), target.user());
        assert_eq!(parts, Some(target));
    }
    for (action, id, user) in [
        (Action::TokenRevoked, Some(7), None),
        (Action::TokenRevoked, None, Some(user)),
        (Action::TokenRevoked, Some(0), Some(user)),
        (Action::CommandFailed, None, Some(user)),
        (Action::CommandExpired, None, None),
        (Action::CommandSucceeded, Some(u64::MAX), None),
    ] {
        assert_eq!(Target::from_parts(action, id, user), None, "{action:?}");
    }
}

#[test]
fn a_request_has_an_id_of_1_to_64_plain_characters() {
    for text in ["x", "-", "0123-abc_DEF.9", &"x".repeat(64)] {
        let id: RequestId = text.parse().unwrap();
        assert_eq!(id.as_str(), text);
    }
    for text in ["", " ", "a b", "a/b", "é", "a\n", "\"a\"", &"x".repeat(65)] {
        assert_eq!(text.parse::<RequestId>(), Err(InvalidRequestId), "{text:?}");
    }
}

#[test]
fn a_reason_has_1_to_512_characters() {
    let longest = "鍵".repeat(512);
    for text in ["x", "left the team", &longest] {
        assert_eq!(text.parse::<Reason>().unwrap().as_str(), text);
    }
    for text in ["", "a\nb", &"鍵".repeat(513)] {
        assert!(text.parse::<Reason>().is_err(), "{text:?}");
    }
}

#[test]
fn a_commitment_is_to_the_words_and_to_the_salt() {
    let reason = |text: &str, salt| GivenReason {
        text: text.parse().unwrap(),
        salt: [salt; 16],
    };
    let commitment = reason("left", 1).commitment();
    assert_eq!(commitment, reason("left", 1).commitment());
    assert_ne!(commitment, reason("left", 2).commitment());
    assert_ne!(commitment, reason("left.", 1).commitment());
}
