use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::permission::Standing;
use hush_domain::secret::TokenDigest;
use hush_domain::servers::Membership;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NewToken, Token};
use hush_ports::{
    Addressed, BackendError, CreateTokenError, Presented, Revoked, TokenFilter, Tokens,
};

use super::Memory;

#[async_trait]
impl Tokens for Memory {
    async fn present(
        &self,
        digest: &TokenDigest,
        addressed: Addressed,
    ) -> Result<Option<Presented>, BackendError> {
        // The tokens stay locked until the standing is read, so that both are from one moment.
        let tokens = self.tokens.read();
        Ok(tokens.by_digest.get(digest).map(|token| Presented {
            token: Arc::clone(token),
            standing: addressed_server(token, addressed).and_then(|server| {
                let standing = self.standing(server, token.user)?;
                Some((server, standing))
            }),
        }))
    }

    async fn memberships(&self, token: &Token) -> Result<Vec<Membership>, BackendError> {
        let named = token.servers.as_slice().iter();
        let membership = |id: &ServerId| {
            let server = self.servers.get(id)?;
            Some(Membership {
                server: *id,
                name: server.name.clone(),
                standing: server.standing(token.user)?,
            })
        };
        Ok(named.filter_map(membership).collect())
    }

    async fn create(&self, new: NewToken) -> Result<(), CreateTokenError> {
        let NewToken { token, digest } = new;
        let mut tokens = self.tokens.write();
        let mut named = token.servers.as_slice().iter();
        if let Some(server) = named.find(|server| self.standing(**server, token.user).is_none()) {
            return Err(CreateTokenError::NotAMember(*server));
        }
        if tokens.by_id.contains_key(&token.id) {
            return Err(CreateTokenError::IdTaken);
        }
        if tokens.by_digest.contains_key(&digest) {
            let taken = BackendError::permanent("another token has the same digest");
            return Err(CreateTokenError::Backend(taken));
        }
        tokens.by_id.insert(token.id, digest);
        tokens.by_digest.insert(digest, Arc::new(token));
        Ok(())
    }

    async fn list(&self, filter: TokenFilter) -> Result<Vec<Token>, BackendError> {
        let tokens = self.tokens.read();
        let start = filter.after.map_or(Bound::Unbounded, Bound::Excluded);
        let wanted = |token: &&Arc<Token>| {
            let named = filter
                .server
                .is_none_or(|server| token.servers.contains(server));
            named && filter.user.is_none_or(|user| token.user == user)
        };
        Ok(tokens
            .by_id
            .range((start, Bound::Unbounded))
            .filter_map(|(_, digest)| tokens.by_digest.get(digest))
            .filter(wanted)
            .take(filter.limit.into())
            .map(|token| Token::clone(token))
            .collect())
    }

    async fn revoke(&self, token: TokenId, now: Timestamp) -> Result<Revoked, BackendError> {
        let mut tokens = self.tokens.write();
        let Rows { by_id, by_digest } = &mut *tokens;
        let Some(token) = by_id
            .get(&token)
            .and_then(|digest| by_digest.get_mut(digest))
        else {
            return Ok(Revoked::Unknown);
        };
        if token.revoked_at.is_some() {
            return Ok(Revoked::Before);
        }
        // A request that holds the token goes on with it as it was presented.
        Arc::make_mut(token).revoked_at = Some(now);
        Ok(Revoked::Now)
    }
}

impl Memory {
    fn standing(&self, server: ServerId, user: UserId) -> Option<Standing> {
        self.servers.get(&server)?.standing(user)
    }
}

fn addressed_server(token: &Token, addressed: Addressed) -> Option<ServerId> {
    match addressed {
        Addressed::Nothing => None,
        Addressed::Sole => token.servers.sole(),
        Addressed::Server(server) => token.servers.contains(server).then_some(server),
    }
}

/// Every token, behind one lock that readers share.
#[derive(Default)]
pub(super) struct Table(RwLock<Rows>);

#[derive(Default)]
struct Rows {
    by_id: BTreeMap<TokenId, TokenDigest>,
    by_digest: HashMap<TokenDigest, Arc<Token>>,
}

// A poisoned lock is taken all the same: nothing that can panic stands between the two inserts of a write.
impl Table {
    fn read(&self) -> RwLockReadGuard<'_, Rows> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Rows> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
