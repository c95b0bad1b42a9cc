//! Making a token.

use hush_domain::tokens::{NewToken, Token};
use hush_ports::CreateTokenError;
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;

use crate::postgres::failure::Failure;
use crate::stored::server_id;

/// The constraint that says that an id is taken.
const ID_TAKEN: &str = "tokens_id_taken";

/// Stores `new`, provided that its user is in every server that it names: as long as those are locked, nobody
/// leaves them.
pub(super) async fn create(
    connection: &mut PgConnection,
    new: &NewToken,
) -> Result<Result<(), CreateTokenError>, Failure> {
    let servers: Vec<_> = new
        .token
        .servers
        .as_slice()
        .iter()
        .map(|id| id.to_i64())
        .collect();
    let mut transaction = connection.begin().await?;
    sqlx::query!(
        "SELECT id FROM servers WHERE id = ANY ($1) ORDER BY id FOR SHARE",
        &servers
    )
    .fetch_all(&mut *transaction)
    .await?;
    // Another statement, so that it sees what those whose locks it waited for have written.
    let foreign = sqlx::query_scalar!(
        r#"SELECT named.id AS "id!"
           FROM unnest($1::bigint[]) AS named (id)
           WHERE NOT EXISTS (SELECT FROM servers s WHERE s.id = named.id AND s.owner_id = $2)
             AND NOT EXISTS (SELECT FROM members m WHERE m.server_id = named.id AND m.user_id = $2)
           ORDER BY named.id
           LIMIT 1"#,
        &servers,
        new.token.user.to_i64(),
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if let Some(server) = foreign {
        return Ok(Err(CreateTokenError::NotAMember(server_id(server)?)));
    }
    match insert(&mut transaction, new, &servers).await {
        Err(sqlx::Error::Database(error)) if error.constraint() == Some(ID_TAKEN) => {
            return Ok(Err(CreateTokenError::IdTaken));
        }
        result => result?,
    }
    transaction.commit().await?;
    Ok(Ok(()))
}

async fn insert(
    connection: &mut PgConnection,
    new: &NewToken,
    servers: &[i64],
) -> Result<(), sqlx::Error> {
    let Token {
        id,
        user,
        name,
        hint,
        servers: _,
        scopes,
        created_at,
        expires_at,
        revoked_at,
    } = &new.token;
    let scopes: Vec<_> = scopes
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect();
    sqlx::query!(
        "INSERT INTO tokens
             (id, digest, user_id, name, hint, server_ids, scopes, created_at, expires_at, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id.to_i64(),
        new.digest.as_bytes(),
        user.to_i64(),
        name.as_str(),
        hint.as_str(),
        servers,
        &scopes,
        OffsetDateTime::from(*created_at),
        expires_at.map(OffsetDateTime::from),
        revoked_at.map(OffsetDateTime::from),
    )
    .execute(connection)
    .await?;
    Ok(())
}
