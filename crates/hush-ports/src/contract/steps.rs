//! What rules do with a store, in their words.

use hush_domain::events::{Change, Event, ListedMember, Snapshot};
use hush_domain::ids::ServerId;
use hush_domain::permission::Standing;
use hush_domain::servers::Membership;
use hush_domain::stats::Stats;
use hush_domain::tokens::{NewToken, Token};
use hush_domain::users::Member;

use super::Store;
use super::examples::{act, at, server, token, token_id, user};
use crate::{Addressed, Applied, CreateTokenError, Outcome, PageRequest, Revoked, TokenFilter};

/// The users of whom [`Store::whole`] asks how they stand.
const USERS: std::ops::RangeInclusive<u64> = 1..=12;

/// All that can be read about one server.
#[derive(Debug, PartialEq)]
pub(super) struct Whole {
    stats: Option<Stats>,
    members: Vec<Member>,
    memberships: Vec<Vec<Membership>>,
}

impl Store {
    /// Puts a server into the state of `snapshot`, received at second 0.
    pub(super) async fn given(&self, snapshot: Snapshot, members: Vec<ListedMember>) {
        self.given_at(0, snapshot, members).await;
    }

    pub(super) async fn given_at(
        &self,
        second: i64,
        snapshot: Snapshot,
        members: Vec<ListedMember>,
    ) {
        let members = Box::new(members.into_iter());
        let applied = self.ingest.apply_snapshot(snapshot, members, at(second));
        applied.await.unwrap();
    }

    /// Applies a change that has something to say.
    pub(super) async fn change(&self, number: u64, second: i64, change: Change) {
        let applied = self.apply(number, second, change.clone()).await;
        assert_eq!(applied, Applied::Changed, "{change:?}");
    }

    /// Applies a change that has nothing to say.
    pub(super) async fn ignored(&self, number: u64, second: i64, change: Change) {
        let applied = self.apply(number, second, change.clone()).await;
        assert_eq!(applied, Applied::Ignored, "{change:?}");
    }

    pub(super) async fn apply(&self, number: u64, second: i64, change: Change) -> Applied {
        let server = server(number);
        let applied = self.ingest.apply(Event { server, change }, at(second));
        applied.await.unwrap()
    }

    /// Every member of a server, in the order of a page.
    pub(super) async fn members(&self, number: u64) -> Vec<Member> {
        let all = PageRequest {
            after: None,
            limit: 1000,
        };
        self.users.page(server(number), all).await.unwrap()
    }

    /// The numbers of the users whom a server lists.
    pub(super) async fn listed(&self, number: u64) -> Vec<u64> {
        let members = self.members(number).await;
        members.iter().map(|member| member.user.id.get()).collect()
    }

    /// The names of the roles that a member holds.
    pub(super) async fn role_names(&self, number: u64, member: u64) -> Vec<String> {
        let member = self.users.get(server(number), user(member)).await.unwrap();
        let roles = member.unwrap().roles;
        roles.iter().map(ToString::to_string).collect()
    }

    pub(super) async fn stats_of(&self, number: u64) -> Option<Stats> {
        self.stats.server_stats(server(number)).await.unwrap()
    }

    /// Members, bots and online of a known server.
    pub(super) async fn counts_of(&self, number: u64) -> [Option<u64>; 3] {
        let stats = self.stats_of(number).await.unwrap();
        [stats.members, stats.bots, stats.online]
    }

    /// Stores a token at second 0 and returns it as it was stored.
    pub(super) async fn create(&self, new: NewToken) -> Token {
        let token = new.token.clone();
        self.try_create(new).await.unwrap();
        token
    }

    /// Has the operator make a token at second 0.
    pub(super) async fn try_create(
        &self,
        new: NewToken,
    ) -> Result<Outcome<Token>, CreateTokenError> {
        self.tokens.create(new, None, &act(0), None).await
    }

    /// Has the operator revoke a token.
    pub(super) async fn revoke(&self, number: u64, second: i64) -> Revoked {
        let act = act(second);
        let revoked = self.tokens.revoke(token_id(number), &act).await;
        revoked.unwrap()
    }

    /// How the user of a token, which must be stored, stands in what `addressed` says.
    pub(super) async fn standing(
        &self,
        new: &NewToken,
        addressed: Addressed,
    ) -> Option<(ServerId, Standing)> {
        let presented = self.tokens.present(&new.digest, addressed).await.unwrap();
        presented.unwrap().standing
    }

    /// Every stored token, by id.
    pub(super) async fn all_tokens(&self) -> Vec<Token> {
        let all = TokenFilter {
            limit: 1000,
            ..TokenFilter::default()
        };
        self.tokens.list(all).await.unwrap()
    }

    /// All that can be read about one server.
    pub(super) async fn whole(&self, number: u64) -> Whole {
        let mut memberships = Vec::new();
        for user in USERS {
            let key = token(user, user, &[number]).token;
            memberships.push(self.tokens.memberships(&key).await.unwrap());
        }
        Whole {
            stats: self.stats_of(number).await,
            members: self.members(number).await,
            memberships,
        }
    }
}
