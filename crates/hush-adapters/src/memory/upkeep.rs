use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use dashmap::Entry;
use hush_domain::audit::Act;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_domain::tokens::Token;
use hush_ports::{BackendError, Cutoffs, Erased, Tidied, Upkeep};

use super::Memory;
use super::tokens::revoke_all;

#[async_trait]
impl Upkeep for Memory {
    async fn tidy(&self, cutoffs: Cutoffs) -> Result<Tidied, BackendError> {
        let mut tidied = Tidied {
            commands: self.commands().tidy(cutoffs.commands),
            ..Tidied::default()
        };
        {
            let mut tokens = self.tokens.write();
            let mut ledger = self.ledger.open();
            let ended = |token: &&Arc<Token>| ended_before(token, cutoffs.tokens);
            let gone: Vec<_> = tokens.all(None).filter(ended).cloned().collect();
            for token in &gone {
                tokens.remove(token);
            }
            tidied.tokens = gone.len() as u64;
            let former = tokens.former.len();
            let kept = |until: Timestamp| until >= cutoffs.former_secrets;
            tokens.former.retain(|_, (_, until)| kept(*until));
            tidied.former_secrets = (former - tokens.former.len()) as u64;
            let books = &mut *ledger.books;
            let (requests, minutes) = (books.requests.len(), books.spent.len());
            books
                .requests
                .retain(|_, request| request.at >= cutoffs.idempotency);
            books
                .spent
                .retain(|(_, minute, _), _| *minute >= cutoffs.usage);
            tidied.idempotency = (requests - books.requests.len()) as u64;
            tidied.usage = (minutes - books.spent.len()) as u64;
            if let Some(since) = cutoffs.audit {
                tidied.audit = ledger.cut_before(since);
            }
        }
        {
            let samples = self.feed.samples.lock();
            let mut samples = samples.unwrap_or_else(PoisonError::into_inner);
            let before = samples.len();
            samples.retain(|(_, hour), _| *hour >= cutoffs.samples);
            tidied.samples = (before - samples.len()) as u64;
        }
        for server in self.departed_before(cutoffs.servers) {
            self.erase_server(server).await?;
            tidied.servers += 1;
        }
        Ok(tidied)
    }

    async fn erase_user(&self, user: UserId, act: &Act) -> Result<Erased, BackendError> {
        let mut erased = Erased::default();
        let mut tokens = self.tokens.write();
        for mut server in self.servers.iter_mut() {
            erased.members += u64::from(server.counting(act.at, |server| server.leave(user)));
        }
        let own: Vec<_> = tokens.of_user(user).cloned().collect();
        let live = own.iter().filter(|token| token.is_live(act.at));
        let entries = revoke_all(&mut tokens, live, act, None);
        for token in &own {
            tokens.remove(token);
        }
        erased.tokens = own.len() as u64;
        erased.commands = self.erase_commands_of(user, act);
        let mut ledger = self.ledger.open();
        ledger.write(act, entries);
        let books = &mut *ledger.books;
        let is_own = |id| own.iter().any(|token| token.id == id);
        books.requests.retain(|request, _| !is_own(request.token));
        books.spent.retain(|(_, _, token), _| !is_own(*token));
        for row in books.logs.values_mut().flat_map(|log| &mut log.rows) {
            let theirs = row.actor.user() == Some(user) || row.target.user() == Some(user);
            if theirs && row.reason.take().is_some() {
                erased.reasons += 1;
            }
        }
        Ok(erased)
    }

    async fn erase_server(&self, server: ServerId) -> Result<Erased, BackendError> {
        let mut erased = Erased::default();
        let mut tokens = self.tokens.write();
        if let Entry::Occupied(known) = self.servers.entry(server) {
            erased.members = known.remove().members.len() as u64;
        }
        let naming = |token: &&Arc<Token>| token.servers.contains(server);
        let naming: Vec<_> = tokens.all(None).filter(naming).cloned().collect();
        for token in naming {
            if let Some(rest) = token.servers.without(server) {
                if let Some(token) = tokens.get_mut(token.id) {
                    token.servers = rest;
                }
            } else {
                tokens.remove(&token);
                erased.tokens += 1;
            }
        }
        let samples = self.feed.samples.lock();
        let mut samples = samples.unwrap_or_else(PoisonError::into_inner);
        samples.retain(|(of, _), _| *of != server);
        erased.commands = self.commands().erase_server(server);
        let mut ledger = self.ledger.open();
        let books = &mut *ledger.books;
        books.departed.remove(&server);
        books.spent.retain(|(of, _, _), _| *of != server);
        if let Some(log) = books.logs.remove(&server) {
            let reasons = log.rows.iter().filter(|row| row.reason.is_some());
            erased.reasons = reasons.count() as u64;
            erased.audit = log.rows.len() as u64;
        }
        Ok(erased)
    }
}

impl Memory {
    fn departed_before(&self, cutoff: Timestamp) -> Vec<ServerId> {
        let ledger = self.ledger.open();
        let departed = ledger.books.departed.iter();
        departed
            .filter(|(_, departed)| departed.at < cutoff)
            .map(|(server, _)| *server)
            .collect()
    }
}

/// Whether a token was revoked or had expired before `cutoff`.
fn ended_before(token: &Token, cutoff: Timestamp) -> bool {
    let ends = [token.revoked_at, token.expires_at];
    ends.into_iter().flatten().any(|end| end < cutoff)
}
