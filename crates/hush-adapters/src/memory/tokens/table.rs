//! The tokens themselves, and the ways to find them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hush_domain::ids::{TokenId, UserId};
use hush_domain::secret::TokenDigest;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Key, Kinship, NewToken, Token};

/// Every token, behind one lock that readers share.
#[derive(Default)]
pub(in crate::memory) struct Table(RwLock<Rows>);

#[derive(Default)]
pub(in crate::memory) struct Rows {
    by_id: BTreeMap<TokenId, TokenDigest>,
    by_digest: HashMap<TokenDigest, Arc<Token>>,
    by_user: BTreeSet<(UserId, TokenId)>,
    /// Secrets that newer ones have replaced, each with its token and the end of its time.
    pub(in crate::memory) former: HashMap<TokenDigest, (TokenId, Timestamp)>,
}

// A poisoned lock is taken all the same: nothing that can panic stands between the steps of a write.
impl Table {
    pub(in crate::memory) fn read(&self) -> RwLockReadGuard<'_, Rows> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::memory) fn write(&self) -> RwLockWriteGuard<'_, Rows> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    pub(super) fn by_newest_secret(&self, digest: &TokenDigest) -> Option<&Arc<Token>> {
        self.by_digest.get(digest)
    }

    /// The token of a former secret, with the end of that secret's time.
    pub(super) fn by_former_secret(
        &self,
        digest: &TokenDigest,
    ) -> Option<(&Arc<Token>, Timestamp)> {
        let (token, until) = self.former.get(digest)?;
        Some((self.get(*token)?, *until))
    }

    pub(in crate::memory) fn get(&self, token: TokenId) -> Option<&Arc<Token>> {
        self.by_digest.get(self.by_id.get(&token)?)
    }

    /// The token itself, to be changed. A request that holds it goes on with it as it was presented.
    pub(in crate::memory) fn get_mut(&mut self, token: TokenId) -> Option<&mut Token> {
        let token = self.by_digest.get_mut(self.by_id.get(&token)?)?;
        Some(Arc::make_mut(token))
    }

    /// The token of `key`, if it is live and the secret is its newest.
    pub(super) fn asker(&self, key: Key, now: Timestamp) -> Option<&Arc<Token>> {
        self.by_digest
            .get(&key.digest)
            .filter(|token| token.id == key.token && token.is_live(now))
    }

    /// Every token by ascending id, after `after`.
    pub(in crate::memory) fn all(
        &self,
        after: Option<TokenId>,
    ) -> impl Iterator<Item = &Arc<Token>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let ids = self.by_id.range((start, Bound::Unbounded));
        ids.filter_map(|(_, digest)| self.by_digest.get(digest))
    }

    /// The tokens of one user by ascending id.
    pub(in crate::memory) fn of_user(&self, user: UserId) -> impl Iterator<Item = &Arc<Token>> {
        let everything = (user, TokenId::FIRST)..=(user, TokenId::LAST);
        let ids = self.by_user.range(everything);
        ids.filter_map(|(_, token)| self.get(*token))
    }

    /// A token and its descendants that are not revoked, by ascending id.
    pub(super) fn family(&self, token: &Token) -> Vec<Arc<Token>> {
        let mut ids = BTreeSet::from([token.id]);
        let unrevoked = || {
            self.of_user(token.user)
                .filter(|it| it.revoked_at.is_none())
        };
        loop {
            let before = ids.len();
            let children = unrevoked()
                .filter(|it| it.parent.is_some_and(|parent| ids.contains(&parent)))
                .map(|it| it.id);
            let children: Vec<_> = children.collect();
            ids.extend(children);
            if ids.len() == before {
                break;
            }
        }
        unrevoked()
            .filter(|it| ids.contains(&it.id))
            .cloned()
            .collect()
    }

    /// How `token` is related to `asker`.
    pub(super) fn kinship(&self, token: &Token, asker: &Token) -> Kinship {
        if token.id == asker.id {
            Kinship::Itself
        } else if self.descends(token, asker.id) {
            Kinship::Descendant
        } else if self.descends(asker, token.id) {
            Kinship::Ancestor
        } else {
            Kinship::Unrelated
        }
    }

    fn descends(&self, token: &Token, ancestor: TokenId) -> bool {
        let mut parent = token.parent;
        while let Some(id) = parent {
            if id == ancestor {
                return true;
            }
            parent = self.get(id).and_then(|token| token.parent);
        }
        false
    }

    pub(super) fn insert(&mut self, new: NewToken) {
        let NewToken { token, digest } = new;
        self.by_id.insert(token.id, digest);
        self.by_user.insert((token.user, token.id));
        self.by_digest.insert(digest, Arc::new(token));
    }

    /// Gives a token another digest, and returns the one before.
    pub(super) fn replace_digest(
        &mut self,
        token: TokenId,
        digest: TokenDigest,
    ) -> Option<TokenDigest> {
        let before = self.by_id.insert(token, digest)?;
        let row = self.by_digest.remove(&before)?;
        self.by_digest.insert(digest, row);
        Some(before)
    }

    /// Whether any secret, newest or former, has this digest.
    pub(super) fn is_taken(&self, digest: &TokenDigest) -> bool {
        self.by_digest.contains_key(digest) || self.former.contains_key(digest)
    }

    /// Removes a token with its former secrets.
    pub(in crate::memory) fn remove(&mut self, token: &Token) {
        if let Some(digest) = self.by_id.remove(&token.id) {
            self.by_digest.remove(&digest);
        }
        self.by_user.remove(&(token.user, token.id));
        self.former.retain(|_, (of, _)| *of != token.id);
    }
}
