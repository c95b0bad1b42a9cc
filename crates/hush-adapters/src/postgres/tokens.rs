use async_trait::async_trait;
use hush_domain::audit::{Act, RequestId};
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::permission::Standing;
use hush_domain::secret::TokenDigest;
use hush_domain::servers::Membership;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Key, NewToken, Rotation, Token};
use hush_ports::{
    Addressed, BackendError, CreateTokenError, Idempotency, Outcome, Presented, Removed, Revoked,
    RotateTokenError, TokenFilter, Tokens,
};

use super::Postgres;
use crate::meters::Operation;

mod create;
mod ending;
mod erasure;
mod lineage;
mod list;
mod rotate;
mod rows;
mod standing;

pub(super) use erasure::{forget_server, of, remove};

#[async_trait]
impl Tokens for Postgres {
    async fn present(
        &self,
        digest: &TokenDigest,
        addressed: Addressed,
    ) -> Result<Option<Presented>, BackendError> {
        self.database
            .read(Operation::PresentToken, |mut connection| async move {
                standing::present(&mut connection, digest, addressed).await
            })
            .await
    }

    async fn memberships(&self, token: &Token) -> Result<Vec<Membership>, BackendError> {
        self.database
            .read(Operation::ListMemberships, |mut connection| async move {
                standing::memberships(&mut connection, token.user, token.servers.as_slice()).await
            })
            .await
    }

    async fn standing(
        &self,
        user: UserId,
        server: ServerId,
    ) -> Result<Option<Standing>, BackendError> {
        self.database
            .read(Operation::ReadStanding, |mut connection| async move {
                let found = standing::memberships(&mut connection, user, &[server]).await?;
                Ok(found.into_iter().next().map(|found| found.standing))
            })
            .await
    }

    async fn get(&self, token: TokenId) -> Result<Option<Token>, BackendError> {
        self.database
            .read(Operation::GetToken, |mut connection| async move {
                list::get(&mut connection, token).await
            })
            .await
    }

    async fn list(&self, filter: TokenFilter) -> Result<Vec<Token>, BackendError> {
        let filter = &filter;
        self.database
            .read(Operation::ListTokens, |mut connection| async move {
                list::list(&mut connection, filter).await
            })
            .await
    }

    async fn create(
        &self,
        token: NewToken,
        asker: Option<Key>,
        act: &Act,
        idempotency: Option<Idempotency<Token>>,
    ) -> Result<Outcome<Token>, CreateTokenError> {
        let (asker, request) = (asker.as_ref(), idempotency.as_ref());
        self.database
            .transact(Operation::CreateToken, async |transaction| {
                create::create(transaction, &self.audit_keys, &token, asker, act, request).await
            })
            .await
    }

    async fn rotate(
        &self,
        rotation: Rotation,
        act: &Act,
        idempotency: Option<Idempotency<Token>>,
    ) -> Result<Outcome<Token>, RotateTokenError> {
        let request = idempotency.as_ref();
        self.database
            .transact(Operation::RotateToken, async |transaction| {
                rotate::rotate(transaction, &self.audit_keys, &rotation, act, request).await
            })
            .await
    }

    async fn revoke(&self, token: TokenId, act: &Act) -> Result<Revoked, BackendError> {
        self.database
            .transact(Operation::RevokeToken, async |transaction| {
                Ok(ending::revoke(transaction, &self.audit_keys, token, act).await?)
            })
            .await
    }

    async fn report_leaked(
        &self,
        digest: &TokenDigest,
        at: Timestamp,
        request_id: Option<RequestId>,
    ) -> Result<(), BackendError> {
        let keys = &self.audit_keys;
        self.database
            .transact(Operation::ReportLeaked, async |transaction| {
                Ok(ending::report_leaked(transaction, keys, digest, at, request_id).await?)
            })
            .await
    }

    async fn remove_server(
        &self,
        server: ServerId,
        token: TokenId,
        act: &Act,
    ) -> Result<Removed, BackendError> {
        let keys = &self.audit_keys;
        self.database
            .transact(Operation::RemoveServer, async |transaction| {
                Ok(ending::remove_server(transaction, keys, server, token, act).await?)
            })
            .await
    }
}
