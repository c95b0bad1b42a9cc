//! The tokens of who asks in person, through the chat platform itself.
//!
//! This is how people get their first token. They see and end every live one of theirs that names the server where
//! they ask.

use hush_domain::ids::{ServerId, UserId};
use hush_domain::operations::Operation;
use hush_domain::tokens::{MAX_LIVE, Token};
use hush_ports::{BackendError, Revoked, TokenFilter};

use super::{CreateInPerson, CreateToken, IssuedToken, PersonalTokens, TokenError};
use crate::{Cause, Failure, Permit};

/// How many tokens are read at a time. Who makes tokens by the hour has many that have ended.
const BATCH: u16 = 1000;

impl PersonalTokens {
    /// Makes a token for who asks, which names the addressed server alone and descends from no other.
    pub async fn create_in_person(
        &self,
        permit: &Permit,
        wanted: CreateInPerson,
        cause: Cause,
    ) -> Result<IssuedToken, TokenError> {
        let (user, server) = permit.person_for(Operation::CreateToken)?;
        let CreateInPerson {
            name,
            scopes,
            lifetime,
        } = wanted;
        let wanted = CreateToken {
            servers: server.into(),
            name,
            scopes,
            lifetime,
        };
        let secret = self.draw_secret()?;
        let token = self.draft(user, wanted, &secret, None)?;
        let act = self.acts.by(permit, cause)?;
        let token = self.store_once(token, &secret, &act).await?;
        Ok(IssuedToken { token, secret })
    }

    /// Every live token of who asks that names the addressed server, by ascending id: at most [`MAX_LIVE`].
    pub async fn list_in_person(&self, permit: &Permit) -> Result<Vec<Token>, Failure> {
        let (user, server) = permit.person_for(Operation::ListTokens)?;
        let tokens = self.live_tokens(user, server).await?.into_iter();
        Ok(tokens.map(|token| self.uses.complete(token)).collect())
    }

    /// Revokes the live token that has this id, or else this name, with all its descendants. It must be one of those that
    /// [`PersonalTokens::list_in_person`] shows. Returns it as it was.
    pub async fn revoke_in_person(
        &self,
        permit: &Permit,
        id_or_name: &str,
        cause: Cause,
    ) -> Result<Token, TokenError> {
        let (user, server) = permit.person_for(Operation::RevokeToken)?;
        let mut tokens = self.live_tokens(user, server).await?;
        let place = tokens
            .iter()
            .position(|token| id_or_name.parse() == Ok(token.id))
            .or_else(|| {
                let mut names = tokens.iter().map(|token| token.name.as_str());
                names.position(|name| name == id_or_name)
            });
        let token = tokens.swap_remove(place.ok_or(TokenError::NotFound)?);
        let act = self.acts.by(permit, cause)?;
        match self.tokens.revoke(token.id, &act).await? {
            Revoked::Now | Revoked::Before => Ok(token),
            Revoked::Unknown => Err(TokenError::NotFound),
        }
    }

    async fn live_tokens(
        &self,
        user: UserId,
        server: ServerId,
    ) -> Result<Vec<Token>, BackendError> {
        let now = self.clock.wall();
        let mut live = Vec::new();
        let mut after = None;
        loop {
            let filter = TokenFilter {
                server: Some(server),
                user: Some(user),
                within: None,
                after,
                limit: BATCH,
            };
            let page = self.tokens.list(filter).await?;
            let more = page.len() == usize::from(BATCH);
            after = page.last().map(|token| token.id);
            live.extend(page.into_iter().filter(|token| token.is_live(now)));
            if !more || live.len() >= MAX_LIVE {
                return Ok(live);
            }
        }
    }
}
