//! What people may do in person, in the model and in the application.

use std::time::Duration;

use hush_app::{Cause, CreateInPerson, Lifetime, Permit};
use hush_domain::operations::Operation;
use proptest::prelude::*;

use super::{Model, SCOPES, SERVERS, USERS};
use crate::support::{server, user};

impl Model {
    async fn admit_in_person(&self, of: u64, at: u64, operation: Operation) -> Option<Permit> {
        let admission = &self.app.admission;
        let admitted = admission.admit_interaction(server(at), user(of), operation);
        admitted.await.ok()
    }

    fn may_in_person(&self, of: u64, at: u64, operation: Operation) -> bool {
        let (level, settings) = match operation {
            Operation::ListTokens | Operation::RevokeToken => (1, false),
            Operation::CreateToken => (2, false),
            Operation::GetServerStats => (3, false),
            Operation::UpdateServerSettings => (3, true),
            other => unreachable!("{other:?}"),
        };
        let actual = self.level(of, at);
        actual >= level && (!self.places[&at].disabled || (settings && actual == 3))
    }

    /// Admission says of everybody who is there in person what the model says.
    pub(super) async fn agrees_in_person(&self) -> Result<(), TestCaseError> {
        for of in USERS {
            for at in SERVERS {
                for operation in [
                    Operation::ListTokens,
                    Operation::RevokeToken,
                    Operation::CreateToken,
                    Operation::GetServerStats,
                    Operation::UpdateServerSettings,
                ] {
                    let admitted = self.admit_in_person(of, at, operation).await;
                    let may = self.may_in_person(of, at, operation);
                    prop_assert_eq!(
                        admitted.is_some(),
                        may,
                        "{:?} of {} in {}",
                        operation,
                        of,
                        at
                    );
                }
            }
        }
        Ok(())
    }

    pub(super) async fn create_in_person(
        &mut self,
        of: u64,
        at: u64,
        minutes: u64,
    ) -> Result<(), TestCaseError> {
        let admitted = self.admit_in_person(of, at, Operation::CreateToken).await;
        let Some(permit) = admitted else {
            return Ok(());
        };
        let wanted = CreateInPerson {
            name: format!("{}", self.tokens.len()).parse().unwrap(),
            scopes: SCOPES.into_iter().collect(),
            lifetime: Lifetime::For(Duration::from_mins(minutes)),
        };
        let tokens = &self.app.tokens;
        let issued = tokens.create_in_person(&permit, wanted, Cause::default());
        let issued = issued.await.unwrap();
        let (id, end) = (issued.token.id, self.minute + minutes);
        self.keep(id, of, &[at], &SCOPES, end, None, issued.secret);
        Ok(())
    }

    pub(super) async fn revoke_in_person(
        &mut self,
        of: u64,
        at: u64,
        target: usize,
    ) -> Result<(), TestCaseError> {
        let admitted = self.admit_in_person(of, at, Operation::RevokeToken).await;
        let Some(permit) = admitted else {
            return Ok(());
        };
        let target = target % self.tokens.len();
        let known = &self.tokens[target];
        let may = known.user == of && known.servers.contains(&at) && self.live(target);
        let id = known.id.to_string();
        let tokens = &self.app.tokens;
        let revoked = tokens.revoke_in_person(&permit, &id, Cause::default());
        prop_assert_eq!(revoked.await.is_ok(), may);
        if may {
            self.revoke(target);
        }
        Ok(())
    }
}
