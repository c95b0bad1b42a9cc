use async_trait::async_trait;
use hush_ports::{BackendError, Health};

use super::Sqlite;
use crate::meters::Operation;

#[async_trait]
impl Health for Sqlite {
    async fn ping(&self) -> Result<(), BackendError> {
        self.database
            .read(Operation::Ping, |mut connection| async move {
                // Something that is in the file, so that it is looked at.
                sqlx::query("SELECT count(*) FROM sqlite_schema")
                    .execute(&mut *connection)
                    .await?;
                Ok(())
            })
            .await
    }
}
