//! Who waits for whom, and who for nobody.

use hush_domain::ids::TokenId;
use hush_ports::{AuditLog, BackendError, CreateTokenError, Revoked, Tokens};
use sqlx::{Connection, Executor};

use super::database::TestDatabase;
use super::examples::{act, create, member, server, store, token, token_of};

/// Whoever changes a user's tokens waits for whoever has the user, whether the user's row is there or is being made.
#[tokio::test]
async fn changes_of_one_users_tokens_wait_for_each_other() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    store(&postgres, 5, vec![member(1, "one"), member(2, "two")]).await;
    create(&postgres, token(5)).await.unwrap();
    let mut around = database.connection().await;
    for held in [
        "SELECT FROM token_owners WHERE user_id = 1 FOR UPDATE",
        "DELETE FROM token_owners WHERE user_id = 1",
        "DELETE FROM token_owners; INSERT INTO token_owners VALUES (1)",
    ] {
        let mut holding = around.begin().await.unwrap();
        holding.execute(held).await.unwrap();
        let refused = create(&postgres, token_of(6, 1, &[5])).await;
        assert!(
            matches!(&refused, Err(CreateTokenError::Backend(error)) if waited(error)),
            "{held}: {refused:?}"
        );
        let refused = postgres.revoke(token_id(5), &act(1)).await.unwrap_err();
        assert!(waited(&refused), "{held}: {refused}");
        holding.rollback().await.unwrap();
    }
    // Another user's go on, and so do this one's as soon as they can.
    let mut holding = around.begin().await.unwrap();
    holding
        .execute("SELECT FROM token_owners WHERE user_id = 1 FOR UPDATE")
        .await
        .unwrap();
    create(&postgres, token_of(7, 2, &[5])).await.unwrap();
    holding.rollback().await.unwrap();
    let revoked = postgres.revoke(token_id(5), &act(1)).await.unwrap();
    assert_eq!(revoked, Revoked::Now);
}

/// What may wait is done before a log is locked: nobody who writes into one waits for who writes into others as well.
#[tokio::test]
async fn a_log_is_the_last_that_is_locked() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    store(&postgres, 5, vec![member(1, "one")]).await;
    create(&postgres, token(5)).await.unwrap();
    let mut around = database.connection().await;
    let mut holding = around.begin().await.unwrap();
    holding
        .execute("SELECT FROM audit_heads WHERE server_id = 5 FOR UPDATE")
        .await
        .unwrap();
    let refused = postgres.revoke(token_id(5), &act(1)).await.unwrap_err();
    assert!(waited(&refused), "{refused}");
    // Reads wait for nobody.
    assert_eq!(postgres.rows(server(5), 0, 10).await.unwrap().len(), 1);
    holding.rollback().await.unwrap();
    postgres.revoke(token_id(5), &act(1)).await.unwrap();
    assert_eq!(postgres.rows(server(5), 0, 10).await.unwrap().len(), 2);
}

/// Whether somebody waited for a lock for as long as a request may.
fn waited(error: &BackendError) -> bool {
    error.is_transient() && error.to_string().contains("lock timeout")
}

fn token_id(number: u64) -> TokenId {
    number.try_into().unwrap()
}
