use async_trait::async_trait;
use hush_ports::{BackendError, Health};

use super::Postgres;
use crate::meters::Operation;

#[async_trait]
impl Health for Postgres {
    async fn ping(&self) -> Result<(), BackendError> {
        self.database
            .read(Operation::Ping, |mut connection| async move {
                sqlx::query_scalar!(r#"SELECT 1 AS "answer!""#)
                    .fetch_one(&mut *connection)
                    .await?;
                Ok(())
            })
            .await
    }
}
