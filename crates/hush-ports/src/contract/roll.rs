//! Tokens as a plain list, which is gone through whenever somebody asks: what those of a store are held against.

use hush_domain::audit::{self, Act, Action, Entry};
use hush_domain::ids::{ServerId, TokenId};
use hush_domain::time::Timestamp;
use hush_domain::tokens::{OutOfReach, Rotation, Token};

use super::book::Book;
use super::examples::secret;
use crate::{CreateTokenError, Removed, Revoked, RotateTokenError};

/// A token by one of its secrets, which are called by numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) token: TokenId,
    pub(super) secret: u64,
}

#[derive(Default)]
pub(super) struct Roll {
    known: Vec<Known>,
    pub(super) book: Book,
}

struct Known {
    token: Token,
    newest: u64,
    former: Vec<(u64, Timestamp)>,
}

impl Roll {
    /// Every token, by id.
    pub(super) fn tokens(&self) -> Vec<Token> {
        let mut tokens: Vec<_> = self.known.iter().map(|it| it.token.clone()).collect();
        tokens.sort_by_key(|token| token.id);
        tokens
    }

    /// Every secret that there ever was with the token that it finds, and until when if it is a former one.
    pub(super) fn secrets(&self) -> Vec<(u64, TokenId, Option<Timestamp>)> {
        let of = |it: &Known| {
            let (id, former) = (it.token.id, it.former.iter());
            let former = former.map(move |(secret, until)| (*secret, id, Some(*until)));
            former.chain([(it.newest, id, None)]).collect::<Vec<_>>()
        };
        self.known.iter().flat_map(of).collect()
    }

    /// Makes a token, all of whose servers its user is in.
    pub(super) fn create(
        &mut self,
        token: Token,
        secret: u64,
        asker: Option<Shown>,
        act: &Act,
    ) -> Result<Token, CreateTokenError> {
        if let Some(shown) = asker {
            let asker = self.asker(shown, act.at);
            asker.ok_or(CreateTokenError::AskerEnded)?.covers(&token)?;
        }
        let mut live = self.known.iter().filter(|it| it.token.is_live(act.at));
        if live.any(|it| it.token.name == token.name) {
            return Err(CreateTokenError::NameTaken);
        }
        self.book.write(act, audit::token_created(&token));
        self.known.push(Known {
            token: token.clone(),
            newest: secret,
            former: Vec::new(),
        });
        Ok(token)
    }

    pub(super) fn rotate(
        &mut self,
        rotation: &Rotation,
        new_secret: u64,
        asker: Option<Shown>,
        act: &Act,
    ) -> Result<Token, RotateTokenError> {
        let found = self.find(rotation.token).ok_or(RotateTokenError::Unknown)?;
        let before = self.known[found].token.clone();
        let mut parent = before.parent;
        if let Some(shown) = asker {
            let asker = self.asker(shown, act.at);
            let asker = asker.ok_or(RotateTokenError::AskerEnded)?;
            if self.descends(&asker, before.id) {
                return Err(OutOfReach::Ancestor.into());
            }
            if asker.id != before.id && !self.descends(&before, asker.id) {
                if parent.is_some() {
                    return Err(OutOfReach::OthersChild.into());
                }
                parent = Some(asker.id);
            }
            asker.covers(&before).map_err(OutOfReach::from)?;
        }
        if !before.is_live(act.at) {
            return Err(RotateTokenError::Ended);
        }
        let known = &mut self.known[found];
        for (_, until) in &mut known.former {
            *until = rotation.former_until.max(act.at).min(*until);
        }
        if rotation.former_until > act.at {
            known.former.push((known.newest, rotation.former_until));
        }
        known.newest = new_secret;
        known.token.hint = secret(new_secret).hint();
        known.token.parent = parent;
        let after = known.token.clone();
        let mut entries = audit::token_rotated(&before, rotation.former_until);
        if !rotation.keep_children {
            for it in self.unrevoked_descendants(before.id) {
                entries.extend(self.end(it, Action::TokenRevoked, act.at));
            }
        }
        self.book.write(act, entries);
        Ok(after)
    }

    pub(super) fn revoke(&mut self, token: TokenId, act: &Act) -> Revoked {
        match self.find(token) {
            None => Revoked::Unknown,
            Some(found) if self.known[found].token.revoked_at.is_some() => Revoked::Before,
            Some(found) => {
                let entries = self.end_family(found, Action::TokenRevoked, act.at);
                self.book.write(act, entries);
                Revoked::Now
            }
        }
    }

    /// `act` is one of the token whose secret it is.
    pub(super) fn leak(&mut self, secret: u64, act: &Act) {
        let live = |it: &Known| it.token.is_live(act.at);
        let newest = |it: &Known| it.newest == secret && live(it);
        if let Some(found) = self.known.iter().position(newest) {
            let entries = self.end_family(found, Action::TokenLeaked, act.at);
            self.book.write(act, entries);
        }
        for it in self.known.iter_mut().filter(|it| live(it)) {
            for (_, until) in it.former.iter_mut().filter(|(former, _)| *former == secret) {
                if *until > act.at {
                    let entries = audit::former_secret_leaked(&it.token, *until, act.at);
                    self.book.write(act, entries);
                    *until = act.at;
                }
            }
        }
    }

    pub(super) fn remove_server(&mut self, server: ServerId, token: TokenId, act: &Act) -> Removed {
        let names = |it: &Known| it.token.servers.contains(server);
        let found = self.find(token).filter(|found| names(&self.known[*found]));
        let Some(found) = found else {
            return Removed::Unknown;
        };
        let mut family = self.unrevoked_descendants(token);
        family.retain(|it| names(&self.known[*it]));
        family.push(found);
        let mut entries = Vec::new();
        for it in family {
            let token = self.known[it].token.clone();
            if let Some(rest) = token.servers.without(server) {
                entries.push(audit::server_removed(&token, server));
                self.known[it].token.servers = rest;
            } else if token.revoked_at.is_none() {
                entries.extend(self.end(it, Action::TokenRevoked, act.at));
            }
        }
        if entries.is_empty() {
            return Removed::Before;
        }
        self.book.write(act, entries);
        Removed::Now
    }

    fn find(&self, token: TokenId) -> Option<usize> {
        self.known.iter().position(|it| it.token.id == token)
    }

    fn asker(&self, shown: Shown, now: Timestamp) -> Option<Token> {
        let asks = |it: &&Known| it.token.id == shown.token && it.newest == shown.secret;
        let asker = self.known.iter().find(asks)?;
        asker.token.is_live(now).then(|| asker.token.clone())
    }

    fn descends(&self, token: &Token, ancestor: TokenId) -> bool {
        let Some(parent) = token.parent else {
            return false;
        };
        let found = || self.find(parent).map(|found| &self.known[found].token);
        parent == ancestor || found().is_some_and(|parent| self.descends(parent, ancestor))
    }

    fn unrevoked_descendants(&self, ancestor: TokenId) -> Vec<usize> {
        let known = self.known.iter().enumerate();
        let family = known
            .filter(|(_, it)| it.token.revoked_at.is_none() && self.descends(&it.token, ancestor));
        family.map(|(place, _)| place).collect()
    }

    fn end_family(&mut self, found: usize, action: Action, at: Timestamp) -> Vec<Entry> {
        let mut entries = Vec::new();
        for it in self.unrevoked_descendants(self.known[found].token.id) {
            entries.extend(self.end(it, Action::TokenRevoked, at));
        }
        entries.extend(self.end(found, action, at));
        entries
    }

    fn end(&mut self, place: usize, action: Action, at: Timestamp) -> Vec<Entry> {
        let token = &mut self.known[place].token;
        let entries = audit::token_revoked(token, action, at);
        token.revoked_at = Some(at);
        entries
    }
}
