//! The permission matrix, printed: who may do what with which scope.

use std::fmt::Write;

use hush_app::{Cause, Denied, Target};
use hush_domain::operations::{Operation, Requirement, Subject};
use hush_domain::permission::Refusal;
use hush_domain::scopes::Scope;

use hush_domain::settings::SettingsChange;

use crate::support::{ADMIN, HOME, MEMBER, OWNER, STRANGER, World, server};

#[tokio::test]
async fn the_permission_matrix_is_as_reviewed() {
    let world = World::new().await;
    let mut matrix = String::new();
    let mut tokens = Vec::new();
    for (level, user) in [
        ("member", MEMBER),
        ("admin", ADMIN),
        ("server_owner", OWNER),
    ] {
        for scope in Scope::ALL {
            tokens.push((level, scope, world.token(user, &[HOME], &[scope]).await));
        }
    }
    for operation in Operation::ALL {
        let target = match operation.requirement().subject {
            Subject::Server => Target::Server(server(HOME)),
            Subject::OwnTokens | Subject::NamedServers => Target::Nothing,
        };
        for of_level in tokens.chunk_by(|left, right| left.0 == right.0) {
            let mut allowed = Vec::new();
            let mut refused = "";
            for (_, scope, token) in of_level {
                let admitted = world.admit(token, operation, target).await;
                match admitted.map_err(|refused| refused.why) {
                    Ok(_) => allowed.push(scope.as_str()),
                    Err(Denied::Insufficient(Refusal::InsufficientAccess { .. })) => {
                        refused = "level";
                    }
                    Err(Denied::Insufficient(Refusal::InsufficientScope { .. })) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            let answer = match (allowed.len(), refused) {
                (0, "level") => "never".to_owned(),
                (all, _) if all == Scope::ALL.len() => "with any scope".to_owned(),
                _ => format!("with {}", allowed.join(", ")),
            };
            let level = of_level[0].0;
            let each = match operation.requirement() {
                Requirement {
                    subject: Subject::NamedServers,
                    level: Some(level),
                    ..
                } => format!(", as {level} in each named server"),
                _ => String::new(),
            };
            writeln!(matrix, "{:<23}{level:<14}{answer}{each}", operation.id()).unwrap();
        }
        // They share one server, whose limit is not what is asked about here.
        world.clock.advance(std::time::Duration::from_secs(61));
    }
    insta::assert_snapshot!("permission_matrix", matrix);
}

#[tokio::test]
async fn who_is_there_in_person_may_do_what_their_level_says() {
    let world = World::new().await;
    let mut matrix = String::new();
    for api in ["on", "off"] {
        if api == "off" {
            let operation = Operation::UpdateServerSettings;
            let permit = world.admit_in_person(OWNER, HOME, operation).await.unwrap();
            let change = SettingsChange {
                api_enabled: Some(false),
                ..SettingsChange::default()
            };
            let changed = world.app.settings.update(&permit, change, Cause::default());
            changed.await.unwrap();
        }
        for operation in Operation::ALL {
            write!(matrix, "API {api:<4}{:<23}", operation.id()).unwrap();
            for (level, user) in [
                ("stranger", STRANGER),
                ("member", MEMBER),
                ("admin", ADMIN),
                ("server_owner", OWNER),
            ] {
                let admitted = world.admit_in_person(user, HOME, operation).await;
                let answer = match admitted.map_err(|refused| refused.why) {
                    Ok(_) => "yes",
                    Err(Denied::ServerNotFound) => "not there",
                    Err(Denied::Insufficient(Refusal::InsufficientAccess { .. })) => "no",
                    Err(other) => panic!("{other:?}"),
                };
                write!(matrix, "  {level}: {answer:<9}").unwrap();
            }
            matrix.truncate(matrix.trim_end().len());
            matrix.push('\n');
            world.clock.advance(std::time::Duration::from_secs(61));
        }
    }
    insta::assert_snapshot!("permission_matrix_in_person", matrix);
}
