//! Requests that may be sent again, by several processes at once.

use std::sync::Arc;

use hush_adapters::postgres::Postgres;
use hush_domain::idempotency::RequestKey;
use hush_domain::tokens::{NewToken, Token};
use hush_ports::{CreateTokenError, Idempotency, IdempotencyConflict, Outcome, Tokens};
use sqlx::{Connection, Executor};

use super::database::TestDatabase;
use super::examples::{act, member, store, token, token_of};

/// While a transaction of another process has the request, nobody waits for it: a second one would only wait for its own
/// time to be up. What is locked stands here once more, because versions that run side by side must agree on it.
#[tokio::test]
async fn a_request_that_is_still_carried_out_is_refused_at_once() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    store(&postgres, 5, vec![member(1, "one")]).await;

    let mut around = database.connection().await;
    let mut holding = around.begin().await.unwrap();
    let taken = "SELECT pg_advisory_xact_lock(hashtextextended('POST /v1/tokens key', 7))";
    holding.execute(taken).await.unwrap();
    for _ in 0..3 {
        // Whoever waited would be told that a lock took too long.
        let refused = make(&postgres, token(5), "key").await;
        let conflict = CreateTokenError::Idempotency(IdempotencyConflict::InProgress);
        assert_eq!(refused.unwrap_err().to_string(), conflict.to_string());
    }
    let other = token_of(6, 1, &[5]);
    let done = make(&postgres, other.clone(), "another").await.unwrap();
    assert_eq!(done, Outcome::Done(other.token));
    holding.rollback().await.unwrap();

    let done = make(&postgres, token(5), "key").await.unwrap();
    assert_eq!(done, Outcome::Done(token(5).token));
    let again = make(&postgres, token(5), "key").await.unwrap();
    assert_eq!(again, Outcome::Replayed(b"answer".to_vec()));
}

async fn make(
    postgres: &Postgres,
    new: NewToken,
    key: &str,
) -> Result<Outcome<Token>, CreateTokenError> {
    postgres
        .create(new, None, &act(1), Some(request(key)))
        .await
}

/// A request of token 7.
fn request(key: &str) -> Idempotency<Token> {
    Idempotency {
        key: RequestKey {
            token: 7_u64.try_into().unwrap(),
            route: "POST /v1/tokens".into(),
            key: key.parse().unwrap(),
        },
        fingerprint: [1; 32],
        answer: Arc::new(|_: &Token| b"answer".to_vec()),
    }
}
