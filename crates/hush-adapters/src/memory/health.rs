use async_trait::async_trait;
use hush_ports::{BackendError, Health};

use super::Memory;

#[async_trait]
impl Health for Memory {
    async fn ping(&self) -> Result<(), BackendError> {
        Ok(())
    }
}
