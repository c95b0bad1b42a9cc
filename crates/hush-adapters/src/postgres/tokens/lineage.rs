//! Who made whom. All of this is of one user, whose row in `token_owners` is locked by whoever asks, so that it stays as
//! it is.

use hush_domain::ids::TokenId;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Key, Kinship, Token};
use sqlx::PgConnection;

use super::rows::{TokenRow, read_all, tokens};
use crate::postgres::failure::Failure;

/// A token and those that descend from it.
pub(super) struct Family {
    /// The token, live or not.
    pub(super) token: Token,
    /// Its descendants that are not revoked. Where one is revoked, so are those that it made.
    pub(super) descendants: Vec<Token>,
}

/// A token with its descendants, all of them locked by id.
pub(super) async fn family(
    transaction: &mut PgConnection,
    token: TokenId,
) -> Result<Option<Family>, Failure> {
    let rows = tokens!(
        "WHERE t.id IN (
             WITH RECURSIVE family (id) AS (
                 SELECT $1::bigint
                 UNION
                 SELECT child.id FROM family JOIN tokens child ON child.parent_id = family.id
                 WHERE child.revoked_at IS NULL
             )
             SELECT id FROM family
         )
         ORDER BY t.id
         FOR UPDATE OF t",
        token.to_i64(),
    )
    .fetch_all(transaction)
    .await?;
    let (mut itself, descendants): (Vec<_>, Vec<_>) =
        read_all(rows)?.into_iter().partition(|it| it.id == token);
    Ok(itself.pop().map(|token| Family { token, descendants }))
}

/// The token of `key`, if it is live at `now` and the secret is its newest.
pub(super) async fn asker(
    transaction: &mut PgConnection,
    key: &Key,
    now: Timestamp,
) -> Result<Option<Token>, Failure> {
    let row = tokens!(
        "WHERE t.id = $1 AND t.digest = $2",
        key.token.to_i64(),
        key.digest.as_bytes(),
    )
    .fetch_optional(transaction)
    .await?;
    let token = row.map(TokenRow::read).transpose()?;
    Ok(token.filter(|token| token.is_live(now)))
}

/// How `token` is related to `asker`.
pub(super) async fn kinship(
    transaction: &mut PgConnection,
    token: &Token,
    asker: &Token,
) -> Result<Kinship, Failure> {
    Ok(if token.id == asker.id {
        Kinship::Itself
    } else if descends(transaction, token, asker.id).await? {
        Kinship::Descendant
    } else if descends(transaction, asker, token.id).await? {
        Kinship::Ancestor
    } else {
        Kinship::Unrelated
    })
}

/// Whether `token` descends from `ancestor`.
async fn descends(
    transaction: &mut PgConnection,
    token: &Token,
    ancestor: TokenId,
) -> Result<bool, Failure> {
    let descends = sqlx::query_scalar!(
        r#"WITH RECURSIVE ancestors (id) AS (
               SELECT $1::bigint
               UNION
               SELECT t.parent_id FROM ancestors JOIN tokens t ON t.id = ancestors.id
           )
           SELECT EXISTS (SELECT FROM ancestors WHERE id = $2) AS "descends!""#,
        token.parent.map(TokenId::to_i64),
        ancestor.to_i64(),
    )
    .fetch_one(transaction)
    .await?;
    Ok(descends)
}
