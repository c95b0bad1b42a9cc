//! Tokens as the operator sees them.

use hush_domain::ids::TokenId;
use hush_domain::secret::Secret;
use hush_domain::tokens::Token;
use hush_ports::{Addressed, Presented, Revoked, TokenFilter};

use super::PersonalTokens;
use crate::{Cause, Failure, Permit};

impl PersonalTokens {
    /// Tokens in ascending order of id, revoked and expired ones included, on the operator's permit.
    pub async fn list(&self, permit: &Permit, filter: TokenFilter) -> Result<Vec<Token>, Failure> {
        permit.operator_for("listing tokens")?;
        Ok(self.tokens.list(filter).await?)
    }

    /// Revokes a token with its descendants, on the operator's permit.
    pub async fn revoke(&self, permit: &Permit, token: TokenId) -> Result<Revoked, Failure> {
        permit.operator_for("revoking a token")?;
        let act = self.acts.by(permit, Cause::default())?;
        Ok(self.tokens.revoke(token, &act).await?)
    }

    /// The token of a secret, live or not, on the operator's permit.
    pub async fn inspect(
        &self,
        permit: &Permit,
        secret: &Secret,
    ) -> Result<Option<Presented>, Failure> {
        permit.operator_for("inspecting a token")?;
        let digest = secret.digest();
        Ok(self.tokens.present(&digest, Addressed::Nothing).await?)
    }
}
