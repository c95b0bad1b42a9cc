use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::audit::{self, Act, Action, Actor, Entry, RequestId};
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::permission::Standing;
use hush_domain::secret::TokenDigest;
use hush_domain::servers::Membership;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Key, MAX_LIVE, NewToken, Rotation, Token};
use hush_ports::{
    Addressed, BackendError, CreateTokenError, Idempotency, Outcome, Presented, Removed, Revoked,
    RotateTokenError, TokenFilter, Tokens,
};

use super::Memory;

mod table;

pub(super) use table::{Rows, Table};

#[async_trait]
impl Tokens for Memory {
    async fn present(
        &self,
        digest: &TokenDigest,
        addressed: Addressed,
    ) -> Result<Option<Presented>, BackendError> {
        // The tokens stay locked until the standing is read, so that both are from one moment.
        let tokens = self.tokens.read();
        let found = match tokens.by_newest_secret(digest) {
            Some(token) => Some((token, None)),
            None => tokens
                .by_former_secret(digest)
                .map(|(token, until)| (token, Some(until))),
        };
        Ok(found.map(|(token, former_until)| Presented {
            token: Arc::clone(token),
            former_until,
            standing: addressed_server(token, addressed).and_then(|server| {
                let standing = self.stands_in(server, token.user)?;
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

    async fn standing(
        &self,
        user: UserId,
        server: ServerId,
    ) -> Result<Option<Standing>, BackendError> {
        let server = self.servers.get(&server);
        Ok(server.and_then(|server| server.standing(user)))
    }

    async fn get(&self, token: TokenId) -> Result<Option<Token>, BackendError> {
        Ok(self.tokens.read().get(token).map(|it| Token::clone(it)))
    }

    async fn list(&self, filter: TokenFilter) -> Result<Vec<Token>, BackendError> {
        let tokens = self.tokens.read();
        let wanted = |token: &&Arc<Token>| {
            let TokenFilter {
                server,
                user,
                within,
                ..
            } = &filter;
            server.is_none_or(|server| token.servers.contains(server))
                && user.is_none_or(|user| token.user == user)
                && within
                    .as_ref()
                    .is_none_or(|servers| servers.contain_all(&token.servers))
        };
        Ok(tokens
            .all(filter.after)
            .filter(wanted)
            .take(filter.limit.into())
            .map(|token| Token::clone(token))
            .collect())
    }

    async fn create(
        &self,
        new: NewToken,
        asker: Option<Key>,
        act: &Act,
        idempotency: Option<Idempotency<Token>>,
    ) -> Result<Outcome<Token>, CreateTokenError> {
        let token = &new.token;
        let mut tokens = self.tokens.write();
        if let Some(answer) = self.ledger.open().replay(idempotency.as_ref(), act.at)? {
            return Ok(Outcome::Replayed(answer));
        }
        let mut named = token.servers.as_slice().iter();
        if let Some(server) = named.find(|server| self.stands_in(**server, token.user).is_none()) {
            return Err(CreateTokenError::NotAMember(*server));
        }
        if let Some(key) = asker {
            let asker = tokens.asker(key, act.at);
            asker.ok_or(CreateTokenError::AskerEnded)?.covers(token)?;
        }
        let live = tokens
            .of_user(token.user)
            .filter(|other| other.is_live(act.at));
        let live: Vec<_> = live.collect();
        if live.len() >= MAX_LIVE {
            return Err(CreateTokenError::TooMany);
        }
        if live.iter().any(|other| other.name == token.name) {
            return Err(CreateTokenError::NameTaken);
        }
        if tokens.get(token.id).is_some() {
            return Err(CreateTokenError::IdTaken);
        }
        refuse_taken(&tokens, &new.digest)?;
        let created = token.clone();
        tokens.insert(new);
        let mut ledger = self.ledger.open();
        ledger.write(act, audit::token_created(&created));
        ledger.remember(idempotency, &created, act.at);
        Ok(Outcome::Done(created))
    }

    async fn rotate(
        &self,
        rotation: Rotation,
        act: &Act,
        idempotency: Option<Idempotency<Token>>,
    ) -> Result<Outcome<Token>, RotateTokenError> {
        let mut tokens = self.tokens.write();
        if let Some(answer) = self.ledger.open().replay(idempotency.as_ref(), act.at)? {
            return Ok(Outcome::Replayed(answer));
        }
        let token = tokens.get(rotation.token).cloned();
        let token = token.ok_or(RotateTokenError::Unknown)?;
        let mut parent = token.parent;
        if let Some(key) = rotation.asker {
            let asker = tokens.asker(key, act.at);
            let asker = asker.ok_or(RotateTokenError::AskerEnded)?;
            parent = token.rotated_by(asker, tokens.kinship(&token, asker))?;
        }
        if !token.is_live(act.at) {
            return Err(RotateTokenError::Ended);
        }
        refuse_taken(&tokens, &rotation.digest)?;
        let former = tokens.replace_digest(token.id, rotation.digest);
        for (of, until) in tokens.former.values_mut() {
            if *of == token.id {
                *until = rotation.former_until.min(*until);
            }
        }
        if let Some(former) = former
            && rotation.former_until > act.at
        {
            let until = (token.id, rotation.former_until);
            tokens.former.insert(former, until);
        }
        let mut rotated = Token::clone(&token);
        rotated.hint = rotation.hint;
        rotated.parent = parent;
        if let Some(token) = tokens.get_mut(token.id) {
            (token.hint, token.parent) = (rotation.hint, parent);
        }
        let mut entries = audit::token_rotated(&rotated, rotation.former_until.max(act.at));
        if !rotation.keep_children {
            let family = tokens.family(&rotated);
            let descendants = family.iter().filter(|it| it.id != rotated.id);
            entries.extend(revoke_all(&mut tokens, descendants, act, None));
        }
        let mut ledger = self.ledger.open();
        ledger.write(act, entries);
        ledger.remember(idempotency, &rotated, act.at);
        Ok(Outcome::Done(rotated))
    }

    async fn revoke(&self, token: TokenId, act: &Act) -> Result<Revoked, BackendError> {
        let mut tokens = self.tokens.write();
        let Some(token) = tokens.get(token).cloned() else {
            return Ok(Revoked::Unknown);
        };
        if token.revoked_at.is_some() {
            return Ok(Revoked::Before);
        }
        let family = tokens.family(&token);
        let entries = revoke_all(&mut tokens, family.iter(), act, None);
        self.ledger.open().write(act, entries);
        Ok(Revoked::Now)
    }

    async fn report_leaked(
        &self,
        digest: &TokenDigest,
        at: Timestamp,
        request_id: Option<RequestId>,
    ) -> Result<(), BackendError> {
        let mut tokens = self.tokens.write();
        let act = |token: &Token| Act {
            at,
            actor: Actor::Token {
                token: token.id,
                user: token.user,
            },
            request_id: request_id.clone(),
            reason: None,
        };
        if let Some(token) = tokens.by_newest_secret(digest).cloned() {
            if token.is_live(at) {
                let (act, family) = (act(&token), tokens.family(&token));
                let entries = revoke_all(&mut tokens, family.iter(), &act, Some(token.id));
                self.ledger.open().write(&act, entries);
            }
        } else if let Some((token, until)) = tokens.by_former_secret(digest) {
            let token = Arc::clone(token);
            if token.is_live(at) && at < until {
                tokens.former.insert(*digest, (token.id, at));
                let entries = audit::former_secret_leaked(&token, until, at);
                self.ledger.open().write(&act(&token), entries);
            }
        }
        Ok(())
    }

    async fn remove_server(
        &self,
        server: ServerId,
        token: TokenId,
        act: &Act,
    ) -> Result<Removed, BackendError> {
        let mut tokens = self.tokens.write();
        let found = tokens.get(token).filter(|it| it.servers.contains(server));
        let Some(token) = found.cloned() else {
            return Ok(Removed::Unknown);
        };
        let mut entries = Vec::new();
        for member in token_and_family(&tokens, &token) {
            if !member.servers.contains(server) {
                continue;
            }
            if let Some(rest) = member.servers.without(server) {
                if let Some(token) = tokens.get_mut(member.id) {
                    token.servers = rest;
                }
                entries.push(audit::server_removed(&member, server));
            } else if member.revoked_at.is_none() {
                entries.extend(revoke_all(&mut tokens, [&member].into_iter(), act, None));
            }
        }
        if entries.is_empty() {
            return Ok(Removed::Before);
        }
        self.ledger.open().write(act, entries);
        Ok(Removed::Now)
    }
}

impl Memory {
    fn stands_in(&self, server: ServerId, user: UserId) -> Option<Standing> {
        self.servers.get(&server)?.standing(user)
    }
}

/// Revokes tokens that are not revoked yet, and says what the log has to say of it. `leaked` is the one whose secret
/// was reported.
pub(super) fn revoke_all<'a>(
    tokens: &mut Rows,
    family: impl Iterator<Item = &'a Arc<Token>>,
    act: &Act,
    leaked: Option<TokenId>,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for token in family {
        if let Some(token) = tokens.get_mut(token.id) {
            token.revoked_at = Some(act.at);
        }
        let action = if leaked == Some(token.id) {
            Action::TokenLeaked
        } else {
            Action::TokenRevoked
        };
        entries.extend(audit::token_revoked(token, action, act.at));
    }
    entries
}

/// A token, revoked or not, and its descendants that are not, by ascending id.
fn token_and_family(tokens: &Rows, token: &Arc<Token>) -> Vec<Arc<Token>> {
    let mut family = tokens.family(token);
    if token.revoked_at.is_some() {
        family.push(Arc::clone(token));
        family.sort_by_key(|it| it.id);
    }
    family
}

fn refuse_taken(tokens: &Rows, digest: &TokenDigest) -> Result<(), BackendError> {
    if tokens.is_taken(digest) {
        let taken = "another token has the same digest";
        return Err(BackendError::permanent(taken));
    }
    Ok(())
}

fn addressed_server(token: &Token, addressed: Addressed) -> Option<ServerId> {
    match addressed {
        Addressed::Nothing => None,
        Addressed::Sole => token.servers.sole(),
        Addressed::Server(server) => token.servers.contains(server).then_some(server),
    }
}
