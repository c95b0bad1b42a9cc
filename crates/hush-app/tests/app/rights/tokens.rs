//! What tokens may do to tokens, in the model and in the application.

use std::time::Duration;

use hush_app::{Cause, CreateToken, Issued, Lifetime, RotateToken};
use hush_domain::ids::RoleId;
use hush_domain::operations::Operation;
use hush_domain::scopes::Scope;
use hush_domain::settings::SettingsChange;
use proptest::prelude::*;

use super::{Held, Model, STAFF_ROLE, named};

impl Model {
    /// Whether the secret `by` reaches the token `target` of the same user, beyond the scope.
    pub(super) fn reaches(&self, by: usize, target: usize) -> bool {
        let asker = self.secrets[by].token;
        let (of, other) = (&self.tokens[asker], &self.tokens[target]);
        asker == target
            || (of.user == other.user
                && other.servers.is_subset(&of.servers)
                && of.scopes.contains(&Scope::TokensWrite))
    }

    /// Whether a token may be given what another one can do.
    fn covers(&self, asker: usize, servers: &[u64], scopes: &[Scope], end: u64) -> bool {
        let asker = &self.tokens[asker];
        servers.iter().all(|server| asker.servers.contains(server))
            && scopes.iter().all(|scope| asker.scopes.contains(scope))
            && end <= asker.end
    }

    pub(super) async fn create(
        &mut self,
        by: usize,
        servers: &[u64],
        scopes: &[Scope],
        minutes: Option<u64>,
    ) -> Result<(), TestCaseError> {
        let by = by % self.secrets.len();
        let (asker, secret) = (self.secrets[by].token, self.secrets[by].secret.clone());
        let Some(permit) = self.admit(&secret, Operation::CreateToken, None).await else {
            return Ok(());
        };
        let wanted = CreateToken {
            servers: named(servers),
            name: format!("{}", self.tokens.len()).parse().unwrap(),
            scopes: scopes.iter().copied().collect(),
            lifetime: minutes.map_or(Lifetime::Default, |minutes| {
                Lifetime::For(Duration::from_mins(minutes))
            }),
        };
        let created = self
            .app
            .tokens
            .create_own(&permit, wanted, Cause::default(), None)
            .await;
        let of = self.tokens[asker].user;
        let end = minutes.map_or(self.tokens[asker].end, |minutes| self.minute + minutes);
        let admin = servers
            .iter()
            .all(|server| self.level(of, *server) >= 2 && !self.places[server].disabled);
        let may = self.covers(asker, servers, scopes, end) && admin;
        prop_assert_eq!(created.is_ok(), may, "{:?}", created);
        if let Ok(Issued::Now(issued)) = created {
            prop_assert_eq!(issued.token.parent, Some(self.tokens[asker].id));
            let id = issued.token.id;
            self.keep(id, of, servers, scopes, end, Some(asker), issued.secret);
        }
        Ok(())
    }

    pub(super) async fn rotate(
        &mut self,
        by: usize,
        target: usize,
        grace_minutes: u64,
        keep_children: bool,
    ) -> Result<(), TestCaseError> {
        let (by, target) = (by % self.secrets.len(), target % self.tokens.len());
        let (asker, secret) = (self.secrets[by].token, self.secrets[by].secret.clone());
        let Some(permit) = self.admit(&secret, Operation::RotateToken, None).await else {
            return Ok(());
        };
        let wanted = RotateToken {
            token: self.tokens[target].id,
            grace: Duration::from_mins(grace_minutes),
            keep_children,
        };
        let rotated = self
            .app
            .tokens
            .rotate_own(&permit, wanted, Cause::default(), None)
            .await;
        let other = &self.tokens[target];
        let servers: Vec<_> = other.servers.iter().copied().collect();
        let may = self.reaches(by, target)
            && self.covers(asker, &servers, &other.scopes, other.end)
            && !self.descends(asker, target)
            && (asker == target || other.parent.is_none() || self.descends(target, asker))
            && self.live(target);
        prop_assert_eq!(rotated.is_ok(), may, "{:?}", rotated);
        if let Ok(Issued::Now(issued)) = rotated {
            let until = self.minute + grace_minutes;
            for held in self.secrets.iter_mut().filter(|held| held.token == target) {
                held.until = Some(held.until.map_or(until, |earlier| earlier.min(until)));
            }
            // Whoever learned the secret through the asker loses it with the asker.
            if asker != target && !self.descends(target, asker) {
                self.tokens[target].parent = Some(asker);
            }
            let secret = issued.secret;
            self.secrets.push(Held {
                secret,
                token: target,
                until: None,
            });
            if !keep_children {
                for child in 0..self.tokens.len() {
                    if self.descends(child, target) {
                        self.tokens[child].revoked = true;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) async fn remove_server(
        &mut self,
        by: usize,
        at: u64,
        target: usize,
    ) -> Result<(), TestCaseError> {
        let (by, target) = (by % self.secrets.len(), target % self.tokens.len());
        let secret = self.secrets[by].secret.clone();
        let asked = self
            .admit(&secret, Operation::RemoveServerFromToken, Some(at))
            .await;
        let Some(permit) = asked else { return Ok(()) };
        let id = self.tokens[target].id;
        let removed = self
            .app
            .tokens
            .remove_server(&permit, id, Cause::default())
            .await;
        prop_assert_eq!(removed.is_ok(), self.tokens[target].servers.contains(&at));
        if removed.is_ok() {
            for token in 0..self.tokens.len() {
                let concerned = token == target || self.descends(token, target);
                let known = &mut self.tokens[token];
                if !concerned || !known.servers.contains(&at) {
                    continue;
                }
                if known.servers.len() == 1 {
                    known.revoked = true;
                } else if !known.revoked || token == target {
                    known.servers.remove(&at);
                }
            }
        }
        Ok(())
    }

    pub(super) async fn try_revoke(
        &mut self,
        by: usize,
        target: usize,
    ) -> Result<(), TestCaseError> {
        let (by, target) = (by % self.secrets.len(), target % self.tokens.len());
        let secret = self.secrets[by].secret.clone();
        if let Some(permit) = self.admit(&secret, Operation::RevokeToken, None).await {
            let id = self.tokens[target].id;
            let revoked = self
                .app
                .tokens
                .revoke_own(&permit, id, Cause::default())
                .await;
            prop_assert_eq!(revoked.is_ok(), self.reaches(by, target));
            if revoked.is_ok() {
                self.revoke(target);
            }
        }
        Ok(())
    }

    pub(super) async fn report(&mut self, secret: usize) {
        let index = secret % self.secrets.len();
        let held = &self.secrets[index];
        // From an address of its own, since dead secrets use up the other's limit.
        let client = std::net::IpAddr::from(std::net::Ipv6Addr::LOCALHOST).into();
        let permit = self.app.admission.admit_anyone(client).await.unwrap();
        let reported = self
            .app
            .tokens
            .report_leaked(&permit, &held.secret, Cause::default());
        reported.await.unwrap();
        match (self.works(held), held.until) {
            (true, None) => self.revoke(held.token),
            (true, Some(_)) => self.secrets[index].until = Some(self.minute),
            (false, _) => {}
        }
    }

    pub(super) async fn settings(
        &mut self,
        by: usize,
        at: u64,
        enabled: Option<bool>,
        staff: Option<bool>,
    ) {
        let held = &self.secrets[by % self.secrets.len()];
        let asked = self.admit(&held.secret, Operation::UpdateServerSettings, Some(at));
        let Some(permit) = asked.await else { return };
        let staff_role = RoleId::try_from(at + STAFF_ROLE).unwrap();
        let change = SettingsChange {
            api_enabled: enabled,
            admin_roles: staff.map(|staff| Vec::from_iter(staff.then_some(staff_role))),
        };
        let updated = self.app.settings.update(&permit, change, Cause::default());
        updated.await.unwrap();
        let place = self.places.get_mut(&at).unwrap();
        place.disabled = enabled.map_or(place.disabled, |enabled| !enabled);
        place.staff_appointed = staff.unwrap_or(place.staff_appointed);
    }
}
