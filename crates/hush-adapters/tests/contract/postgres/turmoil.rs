//! Everything at once: nobody stands in anybody's way for good.

use hush_adapters::postgres::Postgres;
use hush_domain::audit::{Act, GivenReason};
use hush_domain::ids::TokenId;
use hush_domain::settings::SettingsChange;
use hush_domain::tokens::Rotation;
use hush_domain::usage::Use;
use hush_ports::{
    BackendError, ChangeSettingsError, RotateTokenError, Settings, Tokens, Upkeep, Usage,
};
use sqlx::{AssertSqlSafe, Executor};
use tokio::task::JoinSet;

use super::database::TestDatabase;
use super::examples::{act, at, create, member, secret, server, store, token_of, user};

const SERVERS: [u64; 3] = [1, 2, 3];
const USERS: [u64; 3] = [2, 3, 4];

/// Two processes record the use of the same tokens, rotate and revoke them family by family and change settings, and then
/// erase all users and servers, each in an order of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_who_waits_for_them() {
    let database = TestDatabase::create().await;
    let mut around = database.connection().await;
    let name = database.name();
    // Two who wait for each other are found before either gives up.
    let watchful = format!(r#"ALTER DATABASE "{name}" SET deadlock_timeout = '10ms'"#);
    around.execute(AssertSqlSafe(watchful)).await.unwrap();
    let processes = [database.connect().await, database.connect().await];
    for round in 1..=6 {
        let tokens = given_families(&processes[0], round).await;
        let mut writers = JoinSet::new();
        for (process, tokens) in processes.iter().zip(in_two_orders(&tokens)) {
            writers.spawn(record(process.clone(), tokens.clone()));
            writers.spawn(end(process.clone(), tokens));
            writers.spawn(decide(process.clone()));
        }
        writers.join_all().await;
        let mut erasers = JoinSet::new();
        for (process, tokens) in processes.iter().zip(in_two_orders(&tokens)) {
            erasers.spawn(record(process.clone(), tokens.clone()));
            erasers.spawn(erase(process.clone(), round));
        }
        erasers.join_all().await;
        let left: Vec<(String, i64)> = sqlx::query_as(LEFT).fetch_all(&mut around).await.unwrap();
        assert_eq!(left, [], "round {round}");
    }
}

/// Every user's family of four in all servers, in which older ones descend from younger ones.
async fn given_families(process: &Postgres, round: u64) -> Vec<TokenId> {
    for id in SERVERS {
        let members = USERS.map(|id| member(id, "user")).to_vec();
        store(process, id, members).await;
    }
    let mut tokens = Vec::new();
    for place in 1..=4 {
        for owner in USERS {
            let number = |place: u64| 1000 * round + 10 * place + owner;
            let mut new = token_of(number(place), owner, &SERVERS);
            new.token.parent = (place < 4).then(|| token_id(number(place + 1)));
            tokens.push(new.token.id);
            create(process, new).await.unwrap();
        }
    }
    tokens
}

fn in_two_orders(tokens: &[TokenId]) -> [Vec<TokenId>; 2] {
    [tokens.to_vec(), tokens.iter().rev().copied().collect()]
}

async fn record(process: Postgres, tokens: Vec<TokenId>) {
    for minute in 0..20 {
        let uses = tokens.iter().flat_map(|token| {
            [3, 1, 2].map(|id| Use {
                token: *token,
                minute: at(60 * minute),
                server: Some(server(id)),
                requests: 1,
            })
        });
        done_or_waited(process.record(uses.collect()).await);
    }
}

async fn end(process: Postgres, tokens: Vec<TokenId>) {
    for token in tokens.iter().rev() {
        let secret = secret(token.get() + 500);
        let rotation = Rotation {
            token: *token,
            asker: None,
            digest: secret.digest(),
            hint: secret.hint(),
            former_until: at(60),
            keep_children: true,
        };
        // The other process may have revoked it, or taken the secret.
        if let Err(RotateTokenError::Backend(error)) =
            process.rotate(rotation, &because(1), None).await
        {
            assert!(!is_deadlock(&error), "{error}");
        }
    }
    for token in tokens {
        done_or_waited(process.revoke(token, &because(2)).await);
    }
}

async fn decide(process: Postgres) {
    for turn in 0..10 {
        let change = SettingsChange {
            api_enabled: Some(turn % 2 == 0),
            admin_roles: None,
        };
        for id in SERVERS {
            let changed = process
                .change(server(id), change.clone(), &because(3))
                .await;
            if let Err(ChangeSettingsError::Backend(error)) = changed {
                assert!(!is_deadlock(&error), "{error}");
            }
        }
    }
}

async fn erase(process: Postgres, round: u64) {
    let mut users = USERS;
    users.rotate_left(usize::try_from(round % 3).unwrap());
    for id in users {
        process.erase_user(user(id), &because(4)).await.unwrap();
    }
    for id in SERVERS {
        process.erase_server(server(id)).await.unwrap();
    }
}

/// On a busy machine a request may wait for too long, but not for somebody who waits for it.
fn done_or_waited<T>(result: Result<T, BackendError>) {
    if let Err(error) = result {
        assert!(error.is_transient() && !is_deadlock(&error), "{error}");
    }
}

fn is_deadlock(error: &BackendError) -> bool {
    error.to_string().contains("deadlock")
}

/// An act with a reason, which is stored beside its rows.
fn because(second: i64) -> Act {
    Act {
        reason: Some(GivenReason {
            text: "tidiness".parse().unwrap(),
            salt: [7; 16],
        }),
        ..act(second)
    }
}

fn token_id(number: u64) -> TokenId {
    number.try_into().unwrap()
}

/// What is left of tokens, users and servers, by table.
const LEFT: &str = "
    SELECT * FROM (
        SELECT 'tokens', count(*) AS rows FROM tokens
        UNION ALL SELECT 'token_owners', count(*) FROM token_owners
        UNION ALL SELECT 'former_secrets', count(*) FROM former_secrets
        UNION ALL SELECT 'token_usage', count(*) FROM token_usage
        UNION ALL SELECT 'members', count(*) FROM members
        UNION ALL SELECT 'servers', count(*) FROM servers
        UNION ALL SELECT 'server_settings', count(*) FROM server_settings
        UNION ALL SELECT 'audit_rows', count(*) FROM audit_rows
        UNION ALL SELECT 'audit_reasons', count(*) FROM audit_reasons
        UNION ALL SELECT 'audit_heads', count(*) FROM audit_heads
    ) AS tables WHERE rows > 0";
