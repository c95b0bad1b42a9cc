use async_trait::async_trait;
use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::ids::ServerId;
use hush_ports::{BackendError, Channels};

use super::Sqlite;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::channel_id;

/// The channels of the server `?1`. One that is known and has none is a row of nulls.
pub(super) const LIST: &str = "SELECT c.id, c.name, c.kind, c.parent_id
     FROM servers s LEFT JOIN channels c ON c.server_id = s.id
     WHERE s.id = ?1
     ORDER BY c.id";

#[async_trait]
impl Channels for Sqlite {
    async fn list(&self, server: ServerId) -> Result<Option<Vec<Channel>>, BackendError> {
        self.database
            .read(Operation::ReadChannels, |mut connection| async move {
                let rows: Vec<ChannelRow> = sqlx::query_as(LIST)
                    .bind(server.to_i64())
                    .fetch_all(&mut *connection)
                    .await?;
                if rows.is_empty() {
                    return Ok(None);
                }
                let channels = rows.into_iter().filter_map(ChannelRow::read);
                channels.collect::<Result<_, _>>().map(Some)
            })
            .await
    }
}

#[derive(sqlx::FromRow)]
struct ChannelRow {
    id: Option<i64>,
    name: Option<String>,
    kind: Option<u8>,
    parent_id: Option<i64>,
}

impl ChannelRow {
    /// The channel; `None` for a row of nulls.
    fn read(self) -> Option<Result<Channel, Failure>> {
        let parts = self.id.zip(self.name).zip(self.kind);
        parts.map(|((id, name), kind)| {
            Ok(Channel {
                id: channel_id(id)?,
                name: name.parse().map_err(Failure::stored("channel name"))?,
                kind: ChannelKind(kind),
                parent: self.parent_id.map(channel_id).transpose()?,
            })
        })
    }
}
