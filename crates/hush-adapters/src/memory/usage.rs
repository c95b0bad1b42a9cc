use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use hush_domain::ids::{ServerId, TokenId};
use hush_domain::time::Timestamp;
use hush_domain::usage::{Spent, Use};
use hush_ports::{BackendError, Usage};

use super::Memory;

#[async_trait]
impl Usage for Memory {
    async fn record(&self, uses: Vec<Use>) -> Result<(), BackendError> {
        let mut tokens = self.tokens.write();
        let mut ledger = self.ledger.open();
        for used in uses {
            let Some(token) = tokens.get_mut(used.token) else {
                continue;
            };
            token.last_used_at = token.last_used_at.max(Some(used.minute));
            if let Some(server) = used.server {
                let spent = &mut ledger.books.spent;
                let minute = spent.entry((server, used.minute, used.token));
                *minute.or_default() += u64::from(used.requests);
            }
        }
        Ok(())
    }

    async fn spent(&self, server: ServerId, since: Timestamp) -> Result<Vec<Spent>, BackendError> {
        let ledger = self.ledger.open();
        let mut by_token: BTreeMap<TokenId, u64> = BTreeMap::new();
        let minutes = ledger.books.spent.range((server, since, TokenId::FIRST)..);
        for ((_, _, token), requests) in minutes.take_while(|((of, _, _), _)| *of == server) {
            *by_token.entry(*token).or_default() += requests;
        }
        let mut spent: Vec<_> = by_token
            .into_iter()
            .map(|(token, requests)| Spent { token, requests })
            .collect();
        spent.sort_by_key(|spent| (Reverse(spent.requests), spent.token));
        Ok(spent)
    }
}
