//! Whole lives of tokens, in random order.

use hush_domain::ids::TokenId;
use hush_domain::scopes::Scope;
use hush_domain::tokens::{Key, NamedServers, Rotation, Token};
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, any};
use proptest::prop_oneof;
use proptest::sample::subsequence;
use proptest::strategy::Strategy;

use super::Store;
use super::examples::{act, act_of, at, cases, rotation, secret, server, token, token_id};
use super::roll::{Roll, Shown};
use crate::Outcome;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_life_rule {
    ($test:ident) => {
        $test! {
            life {
                random_lives_read_as_a_plain_list_says,
            }
        }
    };
}

/// What is done next. Tokens and secrets are chosen among those that there are.
#[derive(Debug, Clone)]
enum Step {
    Create {
        asker: Option<usize>,
        servers: Vec<u64>,
        scopes: Vec<Scope>,
        lifetime: Option<i64>,
        name: u8,
        fitting: bool,
    },
    Rotate {
        asker: Option<usize>,
        token: usize,
        grace: i64,
        keep_children: bool,
    },
    Revoke(usize),
    Leak(usize),
    TakeOff(u64, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let secret = || 0_usize..1000;
    let create = (
        option::weighted(0.8, secret()),
        subsequence(vec![1_u64, 2, 3], 1..=3),
        subsequence(vec![Scope::UsersRead, Scope::StatsRead], 0..=2),
        option::of(1_i64..60),
        0_u8..20,
        weighted(0.7),
    );
    let create =
        create.prop_map(
            |(asker, servers, scopes, lifetime, name, fitting)| Step::Create {
                asker,
                servers,
                scopes,
                lifetime,
                name,
                fitting,
            },
        );
    let rotate = (option::of(secret()), secret(), 0_i64..30, any::<bool>());
    let rotate = rotate.prop_map(|(asker, token, grace, keep_children)| Step::Rotate {
        asker,
        token,
        grace,
        keep_children,
    });
    prop_oneof![
        8 => create,
        5 => rotate,
        1 => secret().prop_map(Step::Revoke),
        1 => secret().prop_map(Step::Leak),
        2 => (1_u64..4, secret()).prop_map(|(server, token)| Step::TakeOff(server, token)),
    ]
}

/// One user's tokens and the list that they are held against. Each token and each new secret gets the next number.
struct Life<'a> {
    store: &'a Store,
    roll: Roll,
    next: u64,
    second: i64,
}

impl Life<'_> {
    /// A token by one of its secrets: mostly the newest one of a live token, else any that there ever was.
    fn shown(&self, choice: usize) -> Option<Shown> {
        let (secrets, live) = (self.roll.secrets(), self.live());
        let works = |token, until: Option<_>| until.is_none() && live.contains(&token);
        let mut among: Vec<_> = secrets
            .into_iter()
            .filter(|(_, token, until)| choice.is_multiple_of(4) || works(*token, *until))
            .map(|(secret, token, _)| Shown { token, secret })
            .collect();
        let place = choice % among.len().max(1);
        (place < among.len()).then(|| among.swap_remove(place))
    }

    fn live(&self) -> Vec<TokenId> {
        let tokens = self.roll.tokens().into_iter();
        let live = tokens.filter(|token| token.is_live(at(self.second)));
        live.map(|token| token.id).collect()
    }

    fn chosen(&self, choice: usize) -> Option<Token> {
        let mut tokens = self.roll.tokens();
        let place = choice % tokens.len().max(1);
        (place < tokens.len()).then(|| tokens.swap_remove(place))
    }

    /// Narrows a token down to what another one covers.
    fn fit(&self, token: &mut Token, holder: TokenId) {
        let tokens = self.roll.tokens();
        let holder = tokens.iter().find(|it| it.id == holder).unwrap();
        let named = token.servers.as_slice().iter().copied();
        let common = named.filter(|server| holder.servers.contains(*server));
        token.servers = NamedServers::new(common.collect()).unwrap_or(holder.servers.clone());
        let scopes = token.scopes.iter();
        token.scopes = scopes.filter(|it| holder.scopes.contains(*it)).collect();
        let ends = [token.expires_at, holder.expires_at].into_iter().flatten();
        token.expires_at = ends.min();
    }

    async fn take(&mut self, step: Step) {
        let act = act(self.second);
        self.next += 1;
        match step {
            Step::Create {
                asker,
                servers,
                scopes,
                lifetime,
                name,
                fitting,
            } => {
                let asker = asker.and_then(|choice| self.shown(choice));
                let mut new = token(self.next, 2, &servers);
                new.token.name = format!("name-{name}").parse().unwrap();
                new.token.scopes = scopes.into_iter().collect();
                new.token.expires_at = lifetime.map(|seconds| at(self.second + seconds));
                new.token.parent = asker.map(|shown| shown.token);
                if fitting && let Some(shown) = asker {
                    self.fit(&mut new.token, shown.token);
                }
                let key = asker.map(key);
                let made = self.store.tokens.create(new.clone(), key, &act, None).await;
                let due = self.roll.create(new.token, self.next, asker, &act);
                agree(made, due);
            }
            Step::Rotate {
                asker,
                token,
                grace,
                keep_children,
            } => {
                let asker = asker.and_then(|choice| self.shown(choice));
                let token = self.chosen(token).map_or(token_id(999), |it| it.id);
                let rotation = Rotation {
                    former_until: at(self.second + grace),
                    keep_children,
                    ..rotation(token.get(), asker.map(key), self.next)
                };
                let rotated = self.store.tokens.rotate(rotation.clone(), &act, None).await;
                agree(rotated, self.roll.rotate(&rotation, self.next, asker, &act));
            }
            Step::Revoke(choice) => {
                let Some(token) = self.chosen(choice) else {
                    return;
                };
                let revoked = self.store.tokens.revoke(token.id, &act).await;
                assert_eq!(revoked.unwrap(), self.roll.revoke(token.id, &act));
            }
            Step::Leak(choice) => {
                let Some(shown) = self.shown(choice) else {
                    return;
                };
                self.store.leaked(shown.secret, self.second).await;
                let tokens = self.roll.tokens();
                let own = tokens.iter().find(|token| token.id == shown.token).unwrap();
                self.roll.leak(shown.secret, &act_of(own, self.second));
            }
            Step::TakeOff(number, choice) => {
                let Some(token) = self.chosen(choice) else {
                    return;
                };
                let removed = self
                    .store
                    .take_off(number, token.id.get(), self.second)
                    .await;
                let due = self.roll.remove_server(server(number), token.id, &act);
                assert_eq!(removed, due);
            }
        }
    }

    /// Whether the store holds what the list does, and no token more than its parent.
    async fn holds(&self) {
        let all = self.store.all_tokens().await;
        assert_eq!(all, self.roll.tokens());
        let now = at(self.second);
        for token in all.iter().filter(|token| token.is_live(now)) {
            let Some(parent) = token.parent else { continue };
            let parent = all.iter().find(|other| other.id == parent).unwrap();
            assert!(parent.is_live(now), "{token:?} outlives {parent:?}");
            assert_eq!(parent.covers(token), Ok(()), "{parent:?} made {token:?}");
        }
    }
}

fn key(shown: Shown) -> Key {
    Key {
        token: shown.token,
        digest: secret(shown.secret).digest(),
    }
}

/// The store and the list came to the same, be it a token or a reason to refuse one.
fn agree<E: std::fmt::Display>(done: Result<Outcome<Token>, E>, due: Result<Token, E>) {
    let done = done.map_err(|error| error.to_string());
    let due = due.map(Outcome::Done).map_err(|error| error.to_string());
    assert_eq!(done, due);
}

/// Whatever is made, rotated, revoked, reported and taken off: each token, each secret, each refusal and each row of the
/// logs is what a plain list says, and no token may ever do more or live longer than the one that made it.
pub async fn random_lives_read_as_a_plain_list_says(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    let steps = (prop_oneof![3 => Just(0_i64), 2 => 1_i64..8], step());
    let mut life = Life {
        store,
        roll: Roll::default(),
        next: 0,
        second: 0,
    };
    for steps in cases(6, &vec(steps, 50)) {
        for (pause, step) in steps {
            life.second += pause;
            life.take(step).await;
            life.holds().await;
        }
        for (secret, token, until) in life.roll.secrets() {
            assert_eq!(store.found(secret).await, Some((token.get(), until)));
        }
        life.roll.book.is_told_by(store).await;
    }
    let ever_made = life.roll.tokens();
    let by_tokens = ever_made.iter().filter(|token| token.parent.is_some());
    assert!(by_tokens.count() > 30, "{ever_made:#?}");
}
