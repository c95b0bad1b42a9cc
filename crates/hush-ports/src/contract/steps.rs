//! What rules do with a store, in their words.

use hush_domain::audit::Act;
use hush_domain::audit::chain::{End, Place, Row};
use hush_domain::channels::Channel;
use hush_domain::events::{Change, Event, ListedMember, Snapshot};
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_domain::permission::Standing;
use hush_domain::roles::Role;
use hush_domain::servers::{Membership, Server};
use hush_domain::settings::SettingsChange;
use hush_domain::stats::Stats;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NewToken, Rotation, Token};
use hush_domain::users::Member;

use super::examples::{
    act, act_of, at, complete, key, member, secret, server, token, token_id, user,
};
use super::{Store, keyring};
use crate::{
    Addressed, Applied, CreateTokenError, Ends, Followed, Outcome, PageRequest, Removed, Revoked,
    RotateTokenError, TokenFilter, UserFilter,
};

/// The users of whom [`Store::whole`] asks how they stand.
const USERS: std::ops::RangeInclusive<u64> = 1..=12;

/// The shard that carries every server.
pub(super) const SOLE: Shard = Shard {
    number: 0,
    total: 1,
};

/// All that can be read about one server.
#[derive(Debug, PartialEq)]
pub(super) struct Whole {
    stats: Option<Stats>,
    members: Vec<Member>,
    memberships: Vec<Vec<Membership>>,
    server: Option<Server>,
    roles: Option<Vec<Role>>,
    channels: Option<Vec<Channel>>,
    followed: Option<Followed>,
}

impl Whole {
    /// The same, but that the server is not available.
    pub(super) fn in_an_outage(self) -> Self {
        let available = false;
        let followed = self.followed.map(|it| Followed { available, ..it });
        Self { followed, ..self }
    }
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

    /// Puts servers into a state in which user 2 is in each of them.
    pub(super) async fn given_user_2_in(&self, servers: impl IntoIterator<Item = u64>) {
        for number in servers {
            self.given(complete(number), vec![member(2)]).await;
        }
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

    /// The same store through the door of the feed's next leader.
    pub(super) async fn led(&self) -> Self {
        self.in_epoch(self.lead().await)
    }

    /// The same store through the door of the feed's leader in `epoch`.
    pub(super) fn in_epoch(&self, epoch: Epoch) -> Self {
        Self {
            ingest: self.feed.ingest(epoch),
            ..self.clone()
        }
    }

    /// How the feed follows a server, if it does.
    pub(super) async fn followed(&self, number: u64) -> Option<Followed> {
        let all = self.feed.followed(SOLE).await.unwrap();
        all.into_iter().find(|it| it.server == server(number))
    }

    pub(super) async fn server_of(&self, number: u64) -> Option<Server> {
        self.servers.get(server(number)).await.unwrap()
    }

    pub(super) async fn roles_of(&self, number: u64) -> Option<Vec<Role>> {
        self.servers.roles(server(number)).await.unwrap()
    }

    pub(super) async fn channels_of(&self, number: u64) -> Option<Vec<Channel>> {
        self.channels.list(server(number)).await.unwrap()
    }

    /// Every member of a server, in the order of a page.
    pub(super) async fn members(&self, number: u64) -> Vec<Member> {
        self.filtered(number, UserFilter::default()).await
    }

    /// Those members of a server of whom the filter says so.
    pub(super) async fn filtered(&self, number: u64, filter: UserFilter) -> Vec<Member> {
        let page = PageRequest {
            filter,
            after: None,
            limit: 1000,
        };
        self.users.page(server(number), page).await.unwrap()
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

    /// Has a token make another one, and returns that.
    pub(super) async fn child(&self, asker: &NewToken, mut new: NewToken) -> NewToken {
        self.try_child(asker, new.clone(), 0).await.unwrap();
        new.token.parent = Some(asker.token.id);
        new
    }

    /// Has a token make another one, if it may, by the secret that `asker` has.
    pub(super) async fn try_child(
        &self,
        asker: &NewToken,
        mut new: NewToken,
        second: i64,
    ) -> Result<Outcome<Token>, CreateTokenError> {
        new.token.parent = Some(asker.token.id);
        let act = act_of(&asker.token, second);
        self.tokens.create(new, Some(key(asker)), &act, None).await
    }

    /// Gives a token a new secret, if that may be.
    pub(super) async fn rotate(
        &self,
        rotation: Rotation,
        second: i64,
    ) -> Result<Outcome<Token>, RotateTokenError> {
        self.tokens.rotate(rotation, &act(second), None).await
    }

    /// Has the operator revoke a token.
    pub(super) async fn revoke(&self, number: u64, second: i64) -> Revoked {
        let act = act(second);
        let revoked = self.tokens.revoke(token_id(number), &act).await;
        revoked.unwrap()
    }

    /// Has somebody report a secret.
    pub(super) async fn leaked(&self, secret_number: u64, second: i64) {
        let digest = secret(secret_number).digest();
        let reported = self.tokens.report_leaked(&digest, at(second), None).await;
        reported.unwrap();
    }

    /// Has the operator take a server off a token.
    pub(super) async fn take_off(&self, server_number: u64, token: u64, second: i64) -> Removed {
        let act = act(second);
        let (server, token) = (server(server_number), token_id(token));
        let removed = self.tokens.remove_server(server, token, &act).await;
        removed.unwrap()
    }

    /// The numbers of the servers that a token names.
    pub(super) async fn named(&self, number: u64) -> Vec<u64> {
        let servers = self.token(number).await.servers;
        servers
            .as_slice()
            .iter()
            .map(|server| server.get())
            .collect()
    }

    /// One stored token.
    pub(super) async fn token(&self, number: u64) -> Token {
        let found = self.tokens.get(token_id(number)).await.unwrap();
        found.unwrap()
    }

    /// The number of the token with that secret, and until when the secret reads if it is a former one.
    pub(super) async fn found(&self, secret_number: u64) -> Option<(u64, Option<Timestamp>)> {
        let digest = secret(secret_number).digest();
        let found = self.tokens.present(&digest, Addressed::Nothing).await;
        let found = found.unwrap()?;
        Some((found.token.id.get(), found.former_until))
    }

    /// The numbers of the tokens that are live at some second.
    pub(super) async fn live(&self, second: i64) -> Vec<u64> {
        let all = self.all_tokens().await;
        let live = all.iter().filter(|token| token.is_live(at(second)));
        live.map(|token| token.id.get()).collect()
    }

    /// How the user of a token, which must be stored, stands in what `addressed` says.
    pub(super) async fn presented(
        &self,
        new: &NewToken,
        addressed: Addressed,
    ) -> Option<(ServerId, Standing)> {
        let presented = self.tokens.present(&new.digest, addressed).await.unwrap();
        presented.unwrap().standing
    }

    /// The same while nothing changes: in each server that the token names its user stands so without it too.
    pub(super) async fn standing(
        &self,
        new: &NewToken,
        addressed: Addressed,
    ) -> Option<(ServerId, Standing)> {
        let named = self.token(new.token.id.get()).await.servers;
        for server in named.as_slice() {
            let by_name = self.presented(new, Addressed::Server(*server)).await;
            let without = self.tokens.standing(new.token.user, *server).await.unwrap();
            assert_eq!(without, by_name.map(|(_, standing)| standing), "{server}");
        }
        self.presented(new, addressed).await
    }

    /// Every stored token, by id.
    pub(super) async fn all_tokens(&self) -> Vec<Token> {
        let all = TokenFilter {
            limit: 1000,
            ..TokenFilter::default()
        };
        self.tokens.list(all).await.unwrap()
    }

    /// Has a server's API switched off or on, whichever it was not.
    pub(super) async fn switch(&self, number: u64, act: &Act) {
        let settings = self.settings.get(server(number)).await.unwrap().unwrap();
        let change = SettingsChange {
            api_enabled: Some(!settings.api_enabled),
            admin_roles: None,
        };
        let changed = self.settings.change(server(number), change, act).await;
        changed.unwrap();
    }

    /// The ends of a server's log, if it has one.
    pub(super) async fn ends(&self, number: u64) -> Option<Ends> {
        let all = self.audit.ends(None, 1000).await.unwrap();
        all.into_iter().find(|ends| ends.server == server(number))
    }

    /// A server's log from its checkpoint on, oldest row first, after it was verified.
    pub(super) async fn log(&self, number: u64) -> Vec<Row> {
        let (keys, id) = (keyring(), server(number));
        let rows = self.audit.rows(id, 0, 1000).await.unwrap();
        let Some(ends) = self.ends(number).await else {
            assert_eq!(rows, [], "server {number} has rows without a head");
            return rows;
        };
        let sealed = |end, place, seal| keys.is_sealed(end, id, place, true, seal);
        assert!(sealed(
            End::Checkpoint,
            ends.checkpoint,
            ends.checkpoint_seal
        ));
        assert!(sealed(End::Head, ends.head, ends.head_seal));
        let mut last = ends.checkpoint;
        for row in &rows {
            assert_eq!(row.server, id);
            assert_eq!(keys.verify(last, true, row), Ok(()), "{row:#?}");
            last = row.place();
        }
        assert_eq!(last, ends.head, "server {number}");
        assert_ne!(
            last,
            Place::START,
            "server {number} has a head without a row"
        );
        rows
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
            server: self.server_of(number).await,
            roles: self.roles_of(number).await,
            channels: self.channels_of(number).await,
            followed: self.followed(number).await,
        }
    }
}
