//! The locks under which all that changes a user's tokens happens one after the other.
//!
//! A user's row is made when it is first locked, and goes again if that was in vain, because the last token went while this
//! waited. One that is there is locked without being written anew, whatever the
//! `DO UPDATE` says: no row passes `WHERE false`, but each is locked before that is looked at.

use hush_domain::ids::{ServerId, TokenId, UserId};
use sqlx::PgConnection;

use super::failure::Failure;

/// Locks `user` and the one of token `other`, by id.
pub(super) async fn lock(
    transaction: &mut PgConnection,
    user: UserId,
    other: Option<TokenId>,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO token_owners (user_id)
         SELECT $1::bigint UNION SELECT user_id FROM tokens WHERE id = $2 ORDER BY 1
         ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id WHERE false",
        user.to_i64(),
        other.map(TokenId::to_i64),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Locks the users of `tokens`, by id.
pub(super) async fn lock_of(
    transaction: &mut PgConnection,
    tokens: impl IntoIterator<Item = TokenId>,
) -> Result<(), Failure> {
    let tokens: Vec<_> = tokens.into_iter().map(TokenId::to_i64).collect();
    let made = sqlx::query_scalar!(
        "INSERT INTO token_owners (user_id)
         SELECT DISTINCT user_id FROM tokens WHERE id = ANY ($1) ORDER BY user_id
         ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id WHERE false
         RETURNING user_id",
        &tokens,
    )
    .fetch_all(&mut *transaction)
    .await?;
    forget(transaction, &made).await
}

/// Locks the users of all tokens that name `server`, by id.
pub(super) async fn lock_naming(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<(), Failure> {
    let made = sqlx::query_scalar!(
        "INSERT INTO token_owners (user_id)
         SELECT DISTINCT user_id FROM tokens WHERE server_ids @> ARRAY[$1::bigint] ORDER BY user_id
         ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id WHERE false
         RETURNING user_id",
        server.to_i64(),
    )
    .fetch_all(&mut *transaction)
    .await?;
    forget(transaction, &made).await
}

/// Removes the rows of those among `users` who have no token any more. Whoever makes one meanwhile has the row locked, or
/// makes it anew.
pub(super) async fn forget(transaction: &mut PgConnection, users: &[i64]) -> Result<(), Failure> {
    if users.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM token_owners WHERE ctid = ANY (ARRAY(
             SELECT o.ctid FROM token_owners o
             WHERE o.user_id = ANY ($1)
               AND NOT EXISTS (SELECT FROM tokens t WHERE t.user_id = o.user_id)
             FOR UPDATE SKIP LOCKED
         ))",
        users,
    )
    .execute(transaction)
    .await?;
    Ok(())
}
