use async_trait::async_trait;
use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::ids::ServerId;
use hush_ports::{BackendError, Channels};
use sqlx::PgConnection;

use super::Postgres;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::channel_id;

#[async_trait]
impl Channels for Postgres {
    async fn list(&self, server: ServerId) -> Result<Option<Vec<Channel>>, BackendError> {
        self.database
            .read(Operation::ReadChannels, |mut connection| async move {
                list(&mut connection, server).await
            })
            .await
    }
}

/// The channels of a known server. One without any is a row of nulls.
async fn list(
    connection: &mut PgConnection,
    server: ServerId,
) -> Result<Option<Vec<Channel>>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id?", c.name AS "name?", c.kind AS "kind?", c.parent_id
           FROM servers s LEFT JOIN channels c ON c.server_id = s.id
           WHERE s.id = $1
           ORDER BY c.id"#,
        server.to_i64(),
    )
    .fetch_all(connection)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let channels = rows.into_iter().filter_map(|row| {
        let parts = row.id.zip(row.name).zip(row.kind);
        parts.map(|((id, name), kind)| {
            Ok(Channel {
                id: channel_id(id)?,
                name: name.parse().map_err(Failure::stored("channel name"))?,
                kind: ChannelKind(u8::try_from(kind).map_err(Failure::stored("channel kind"))?),
                parent: row.parent_id.map(channel_id).transpose()?,
            })
        })
    });
    channels.collect::<Result<_, _>>().map(Some)
}
