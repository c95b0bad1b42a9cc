//! The permission matrix, printed: who may do what with which scope.

use std::fmt::Write;

use hush_app::{Denied, Target};
use hush_domain::operations::Operation;
use hush_domain::permission::Refusal;
use hush_domain::scopes::Scope;

use crate::support::{ADMIN, HOME, MEMBER, OWNER, World, server};

#[tokio::test]
async fn the_permission_matrix_is_as_reviewed() {
    let world = World::new().await;
    let mut matrix = String::new();
    for operation in Operation::ALL {
        for (level, user) in [
            ("member", MEMBER),
            ("admin", ADMIN),
            ("server_owner", OWNER),
        ] {
            let target = match operation.requirement().level {
                Some(_) => Target::Server(server(HOME)),
                None => Target::Nothing,
            };
            write!(matrix, "{:<16}{level:<14}", operation.id()).unwrap();
            let mut allowed = Vec::new();
            let mut refused = "";
            for scope in Scope::ALL {
                let token = world.token(user, &[HOME], &[scope]).await;
                match world
                    .admit(&token, operation, target)
                    .await
                    .map_err(|refused| refused.why)
                {
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
            writeln!(matrix, "{answer}").unwrap();
            // Each user's requests share one server, whose limit is not what is asked about here.
            world.clock.advance(std::time::Duration::from_secs(61));
        }
    }
    insta::assert_snapshot!("permission_matrix", matrix);
}
