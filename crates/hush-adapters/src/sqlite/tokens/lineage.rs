//! Who made whom.

use hush_domain::ids::TokenId;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Key, Kinship, Token};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::rows::{TokenRow, read_all, token_row};
use crate::sqlite::failure::Failure;

/// The descendants of the token `?1` that are not revoked. Where one is revoked, so are those that it made.
pub(in crate::sqlite) const DESCENDANTS: &str = concat!(
    "WITH RECURSIVE descendants (id) AS (
         SELECT id FROM tokens WHERE parent_id = ?1 AND revoked_at IS NULL
         UNION
         SELECT t.id FROM descendants CROSS JOIN tokens t ON t.parent_id = descendants.id
         WHERE t.revoked_at IS NULL
     )
     SELECT ",
    token_row!(),
    " FROM descendants CROSS JOIN tokens t USING (id)"
);

/// The token of `key`, if it is live at `now` and the secret is its newest.
pub(super) async fn asker(
    transaction: &mut SqliteConnection,
    key: &Key,
    now: Timestamp,
) -> Result<Option<Token>, Failure> {
    let row: Option<Json<TokenRow>> = sqlx::query_scalar(concat!(
        "SELECT ",
        token_row!(),
        " FROM tokens t WHERE t.id = ?1 AND t.digest = ?2"
    ))
    .bind(key.token.to_i64())
    .bind(key.digest.as_bytes().as_slice())
    .fetch_optional(transaction)
    .await?;
    let token = row.map(|Json(row)| row.read()).transpose()?;
    Ok(token.filter(|token| token.is_live(now)))
}

/// The descendants of `token` that are not revoked.
pub(super) async fn descendants(
    transaction: &mut SqliteConnection,
    token: TokenId,
) -> Result<Vec<Token>, Failure> {
    let rows = sqlx::query_scalar(DESCENDANTS)
        .bind(token.to_i64())
        .fetch_all(transaction)
        .await?;
    read_all(rows)
}

/// How `token` is related to `asker`.
pub(super) async fn kinship(
    transaction: &mut SqliteConnection,
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
    transaction: &mut SqliteConnection,
    token: &Token,
    ancestor: TokenId,
) -> Result<bool, Failure> {
    let descends = sqlx::query_scalar(
        "WITH RECURSIVE ancestors (id) AS (
             SELECT ?1
             UNION
             SELECT t.parent_id FROM ancestors a CROSS JOIN tokens t ON t.id = a.id
         )
         SELECT EXISTS (SELECT 1 FROM ancestors WHERE id = ?2)",
    )
    .bind(token.parent.map(TokenId::to_i64))
    .bind(ancestor.to_i64())
    .fetch_one(transaction)
    .await?;
    Ok(descends)
}
