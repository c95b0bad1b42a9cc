//! The caller's own tokens.
//!
//! A token reaches no server that it does not name, not even through its user's other tokens: it sees those that name
//! no other server than itself.

use std::sync::Arc;

use hush_domain::ids::TokenId;
use hush_domain::operations::Operation;
use hush_domain::permission::Refusal;
use hush_domain::scopes::Scope;
use hush_domain::tokens::Token;
use hush_ports::{Revoked, TokenFilter};

use super::{PersonalTokens, TokenError, TokenPage};
use crate::{Cause, Failure, Permit};

impl PersonalTokens {
    /// At most `limit` of the caller's tokens that come after `after`.
    pub async fn list_own(
        &self,
        permit: &Permit,
        after: Option<TokenId>,
        limit: u16,
    ) -> Result<TokenPage, Failure> {
        let asker = permit.token_for(Operation::ListTokens)?;
        let filter = TokenFilter {
            server: None,
            user: Some(asker.user),
            within: Some(asker.servers.clone()),
            after,
            limit: limit.saturating_add(1),
        };
        Ok(self.cut(self.tokens.list(filter).await?, limit))
    }

    /// One of the caller's tokens. Any but the one that asks needs the scope to read tokens.
    pub async fn get_own(&self, permit: &Permit, token: TokenId) -> Result<Token, TokenError> {
        let asker = permit.token_for(Operation::GetToken)?;
        let token = self.find_own(asker, token, Scope::TokensRead).await?;
        Ok(self.uses.complete(token))
    }

    /// Revokes one of the caller's tokens with all its descendants. Any but the one that asks needs the scope to
    /// change tokens. One that is revoked stays so.
    pub async fn revoke_own(
        &self,
        permit: &Permit,
        token: TokenId,
        cause: Cause,
    ) -> Result<(), TokenError> {
        let (asker, _) = permit.key_for(Operation::RevokeToken)?;
        let token = self.find_own(asker, token, Scope::TokensWrite).await?;
        let act = self.acts.by(permit, cause)?;
        match self.tokens.revoke(token.id, &act).await? {
            Revoked::Now | Revoked::Before => Ok(()),
            Revoked::Unknown => Err(TokenError::NotFound),
        }
    }

    /// The token `id` of the caller, within reach of `asker`.
    pub(super) async fn find_own(
        &self,
        asker: &Arc<Token>,
        id: TokenId,
        required: Scope,
    ) -> Result<Token, TokenError> {
        if id == asker.id {
            return Ok(Token::clone(asker));
        }
        if !asker.scopes.contains(required) {
            let refusal = Refusal::InsufficientScope { required };
            return Err(TokenError::Insufficient(refusal));
        }
        let found = self.tokens.get(id).await?;
        found
            .filter(|token| token.user == asker.user && asker.servers.contain_all(&token.servers))
            .ok_or(TokenError::NotFound)
    }
}
