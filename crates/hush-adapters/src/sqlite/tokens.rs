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

use super::Sqlite;
use crate::meters::Operation;

mod create;
mod ending;
mod lineage;
mod list;
mod rotate;
mod rows;
mod standing;

#[cfg(test)]
pub(super) use lineage::DESCENDANTS;
pub(super) use list::live;
#[cfg(test)]
pub(super) use list::{OF_SERVER, OF_USER};
#[cfg(test)]
pub(super) use standing::{MEMBERSHIPS, PRESENT};
pub(super) use standing::{Question, present};

#[async_trait]
impl Tokens for Sqlite {
    async fn present(
        &self,
        digest: &TokenDigest,
        addressed: Addressed,
    ) -> Result<Option<Presented>, BackendError> {
        self.presented.ask((*digest, addressed)).await
    }

    async fn memberships(&self, token: &Token) -> Result<Vec<Membership>, BackendError> {
        self.database
            .read(Operation::ListMemberships, |mut connection| async move {
                standing::memberships(&mut connection, token).await
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
                standing::standing(&mut connection, user, server).await
            })
            .await
    }

    async fn get(&self, token: TokenId) -> Result<Option<Token>, BackendError> {
        self.database
            .read(Operation::GetToken, |mut connection| async move {
                rows::get(&mut connection, token).await
            })
            .await
    }

    async fn list(&self, filter: TokenFilter) -> Result<Vec<Token>, BackendError> {
        self.database
            .read(Operation::ListTokens, |mut connection| async move {
                list::list(&mut connection, &filter).await
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
                create::create(transaction, &self.keys, &token, asker, act, request).await
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
                rotate::rotate(transaction, &self.keys, &rotation, act, request).await
            })
            .await
    }

    async fn revoke(&self, token: TokenId, act: &Act) -> Result<Revoked, BackendError> {
        self.database
            .transact(Operation::RevokeToken, async |transaction| {
                Ok(ending::revoke(transaction, &self.keys, token, act).await?)
            })
            .await
    }

    async fn report_leaked(
        &self,
        digest: &TokenDigest,
        at: Timestamp,
        request_id: Option<RequestId>,
    ) -> Result<(), BackendError> {
        self.database
            .transact(Operation::ReportLeaked, async |transaction| {
                Ok(ending::report_leaked(transaction, &self.keys, digest, at, request_id).await?)
            })
            .await
    }

    async fn remove_server(
        &self,
        server: ServerId,
        token: TokenId,
        act: &Act,
    ) -> Result<Removed, BackendError> {
        self.database
            .transact(Operation::RemoveServer, async |transaction| {
                Ok(ending::remove_server(transaction, &self.keys, server, token, act).await?)
            })
            .await
    }
}
