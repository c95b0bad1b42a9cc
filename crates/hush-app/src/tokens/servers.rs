//! Tokens as the owner of a server that they name sees them.

use hush_domain::ids::TokenId;
use hush_domain::operations::Operation;
use hush_domain::tokens::NamedServers;
use hush_ports::{Removed, TokenFilter};

use super::{PersonalTokens, TokenError, TokenPage};
use crate::{Cause, Failure, Permit};

impl PersonalTokens {
    /// At most `limit` of the tokens that name the addressed server and come after `after`. Which other servers they
    /// name is not this owner's business: they are left out.
    pub async fn list_of_server(
        &self,
        permit: &Permit,
        after: Option<TokenId>,
        limit: u16,
    ) -> Result<TokenPage, Failure> {
        let server = permit.server_for(Operation::ListServerTokens)?;
        let filter = TokenFilter {
            server: Some(server),
            after,
            limit: limit.saturating_add(1),
            ..TokenFilter::default()
        };
        let mut page = self.cut(self.tokens.list(filter).await?, limit);
        for token in &mut page.tokens {
            token.servers = NamedServers::from(server);
        }
        Ok(page)
    }

    /// Takes the addressed server off a token and off its descendants. One that names no other is revoked.
    pub async fn remove_server(
        &self,
        permit: &Permit,
        token: TokenId,
        cause: Cause,
    ) -> Result<(), TokenError> {
        let server = permit.server_for(Operation::RemoveServerFromToken)?;
        let act = self.acts.by(permit, cause)?;
        match self.tokens.remove_server(server, token, &act).await? {
            Removed::Now | Removed::Before => Ok(()),
            Removed::Unknown => Err(TokenError::NotFound),
        }
    }
}
