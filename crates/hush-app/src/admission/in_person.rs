//! Who asks in person, through the chat platform itself.

use hush_domain::ids::{ServerId, UserId};
use hush_domain::limits::{Bucket, Policy};
use hush_domain::operations::Operation;
use hush_domain::permission;
use hush_domain::scopes::Scope;

use super::{Admission, Denied, Refused};
use crate::Permit;

impl Admission {
    /// Admits what `user` asks in `server`, where the platform says that they are: who is there in person has every
    /// scope.
    ///
    /// Each request counts against the user's own bucket, admitted or not, before anything is looked up. One that
    /// counts against the server's limit does so once it is known that the user may ask it, so that nobody drains a
    /// server's bucket from outside.
    pub async fn admit_interaction(
        &self,
        server: ServerId,
        user: UserId,
        operation: Operation,
    ) -> Result<Permit, Refused> {
        let now = self.clock.wall();
        let bucket = Bucket::User(user);
        let own = self.count(&self.auth_limiter, bucket, now).await?;
        let standing = self.tokens.standing(user, server).await?;
        let standing = standing.ok_or(Denied::ServerNotFound)?;
        let refused = |why| Refused {
            server: Some(server),
            ..Refused::from(why)
        };
        let scopes = Scope::ALL.into_iter().collect();
        permission::check(operation, scopes, standing)
            .map_err(|refusal| refused(Denied::from(refusal)))?;
        let quota = match operation.requirement().counts_against {
            Policy::Server => self
                .count(&self.limiter, Bucket::Server(server), now)
                .await
                .map_err(refused)?,
            Policy::Token | Policy::Auth | Policy::User => own,
        };
        Ok(Permit::for_interaction(user, server, operation, quota))
    }
}
