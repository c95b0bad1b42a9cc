//! Admission: who may do what, and how often, in one call.

use std::sync::Arc;

use hush_domain::ids::{ServerId, TokenId};
use hush_domain::limits::{Bucket, ClientNetwork, Policy, Rule};
use hush_domain::operations::{Operation, Subject};
use hush_domain::permission::{self, Refusal, Standing};
use hush_domain::secret::{Secret, TokenDigest};
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Key, Token};
use hush_ports::{Addressed, BackendError, Clock, Limiter, Presented, Tokens};
use metrics::{Counter, counter};

use crate::permit::{Caller, Permit};
use crate::uses::Uses;
use crate::{Failure, Limits, Ports, Quota};

mod in_person;

/// What the caller showed to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing, or something other than a token.
    Missing,
    /// Something meant as a token that cannot be one, which costs no look-up.
    Malformed,
    /// A well-formed token.
    Secret(Secret),
}

/// Which server the caller addresses, as far as the door could read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The operation is about no server.
    Nothing,
    /// This server.
    Server(ServerId),
    /// A path that is no id, so names no server.
    NoServer,
    /// A parameter that was left out: the only server that the token names.
    Sole,
    /// A parameter that is no id.
    Unreadable,
}

/// Why a request was not admitted.
#[derive(Debug)]
pub enum Denied {
    /// There is no token.
    MissingToken,
    /// Malformed, wrong checksum, unknown, revoked or expired: nobody learns which.
    InvalidToken,
    /// No server is addressed and the token names several.
    ServerRequired,
    /// The addressed server's id cannot be read.
    UnreadableServer,
    /// The addressed server is unknown, not named by the token, or its user is not in it: nobody learns which.
    ServerNotFound,
    /// The token's scopes or its user's access level do not suffice.
    Insufficient(Refusal),
    /// A newer secret has replaced the one that was shown, which only reads from then on.
    SecretReplaced,
    /// Too many requests.
    RateLimited(Quota),
    /// Admission could not decide.
    Failed(Failure),
}

impl From<BackendError> for Denied {
    fn from(error: BackendError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            // Nobody learns that the server is there.
            Refusal::ApiDisabled => Self::ServerNotFound,
            Refusal::InsufficientScope { .. } | Refusal::InsufficientAccess { .. } => {
                Self::Insufficient(refusal)
            }
        }
    }
}

/// A request that was not admitted.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub why: Denied,
    /// The token, if it was found to be live: for the log, never for the answer.
    pub token: Option<TokenId>,
    /// The addressed server, if the token's user is in it: likewise.
    pub server: Option<ServerId>,
    /// The end of the token, if that is near.
    pub ending: Option<Timestamp>,
}

impl<E: Into<Denied>> From<E> for Refused {
    fn from(why: E) -> Self {
        Self {
            why: why.into(),
            token: None,
            server: None,
            ending: None,
        }
    }
}

/// Decides who is let in: authenticates, finds the addressed server, checks scope and access level, and counts
/// against the rate limit, in that order.
pub struct Admission {
    tokens: Arc<dyn Tokens>,
    limiter: Arc<dyn Limiter>,
    auth_limiter: Arc<dyn Limiter>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    uses: Arc<Uses>,
    ending: Counter,
    decisions: Decisions,
}

impl Admission {
    pub(crate) fn new(ports: &Ports, limits: Limits, uses: Arc<Uses>) -> Self {
        Self {
            tokens: ports.tokens.clone(),
            limiter: ports.limiter.clone(),
            auth_limiter: ports.auth_limiter.clone(),
            clock: ports.clock.clone(),
            limits,
            uses,
            ending: counter!("hush_ending_token_requests_total"),
            decisions: Decisions::new(),
        }
    }

    /// Admits one request, and counts it against the addressed server's bucket, or, where no server is
    /// addressed, against the token's own.
    ///
    /// What is refused after the token was found counts against the token's own bucket, so that nobody drains
    /// a server's bucket from outside; unknown tokens count against the client's address.
    pub async fn admit(
        &self,
        credential: &Credential,
        client: ClientNetwork,
        operation: Operation,
        target: Target,
    ) -> Result<Permit, Refused> {
        let secret = match credential {
            Credential::Missing => return Err(Denied::MissingToken.into()),
            Credential::Malformed => return Err(Denied::InvalidToken.into()),
            Credential::Secret(secret) => secret,
        };
        let now = self.clock.wall();
        let digest = secret.digest();
        let Some(presented) = self.find(&digest, target, now).await? else {
            self.count_unknown(client, now).await?;
            return Err(Denied::InvalidToken.into());
        };
        let (token, newest) = (presented.token, presented.former_until.is_none());
        let bucket = judge(operation, target, &token, newest, presented.standing);
        let server = presented.standing.map(|(server, _)| server);
        let spends = match bucket {
            Ok(bucket) => bucket,
            Err(_) => Bucket::Token(token.id),
        };
        let counted = self.count(&self.limiter, spends, now).await;
        self.uses.note(&token, spends, counted.is_ok(), now);
        let ending = token.ends_soon(now);
        if ending.is_some() {
            self.ending.increment(1);
        }
        let refused = |why| Refused {
            why,
            token: Some(token.id),
            server,
            ending,
        };
        match (bucket, counted) {
            (_, Err(why)) | (Err(why), Ok(_)) => Err(refused(why)),
            (Ok(_), Ok(quota)) => {
                let key = Key {
                    token: token.id,
                    digest,
                };
                Ok(Permit {
                    caller: Caller::Token(token),
                    key: newest.then_some(key),
                    ending,
                    operation: Some(operation),
                    server,
                    quota,
                })
            }
        }
    }

    /// Looks once more whether a request that was admitted may be carried out, which nobody counts again: what a user may
    /// do ends at once, and the rest of the request may have come slowly.
    pub async fn confirm(
        &self,
        credential: &Credential,
        operation: Operation,
        target: Target,
    ) -> Result<(), Refused> {
        let Credential::Secret(secret) = credential else {
            return Err(Denied::InvalidToken.into());
        };
        let found = self
            .find(&secret.digest(), target, self.clock.wall())
            .await?;
        let Presented {
            token,
            former_until,
            standing,
        } = found.ok_or(Denied::InvalidToken)?;
        judge(operation, target, &token, former_until.is_none(), standing)?;
        Ok(())
    }

    /// Admits somebody without a token to what anybody may do, and counts it against the client's address.
    pub async fn admit_anyone(&self, client: ClientNetwork) -> Result<Permit, Refused> {
        let quota = self.count_unknown(client, self.clock.wall()).await?;
        Ok(Permit::for_anyone(quota))
    }

    /// The permit of whoever runs the binary. For the process's own command line only.
    pub fn operator(&self) -> Permit {
        Permit::for_operator()
    }

    /// The token of a secret that opens something at `now`, and how its user stands in the addressed server.
    async fn find(
        &self,
        digest: &TokenDigest,
        target: Target,
        now: Timestamp,
    ) -> Result<Option<Presented>, BackendError> {
        let addressed = match target {
            Target::Server(server) => Addressed::Server(server),
            Target::Sole => Addressed::Sole,
            Target::Nothing | Target::NoServer | Target::Unreadable => Addressed::Nothing,
        };
        let presented = self.tokens.present(digest, addressed).await?;
        Ok(presented.filter(|presented| {
            let former_until = presented.former_until;
            presented.token.is_live(now) && former_until.is_none_or(|until| now < until)
        }))
    }

    async fn count_unknown(&self, client: ClientNetwork, now: Timestamp) -> Result<Quota, Denied> {
        let (bucket, rule) = (Bucket::Client(client), self.limits.unknown_tokens);
        self.take(&self.auth_limiter, bucket, rule, now).await
    }

    async fn count(
        &self,
        limiter: &Arc<dyn Limiter>,
        bucket: Bucket,
        now: Timestamp,
    ) -> Result<Option<Quota>, Denied> {
        match self.limits.requests {
            Some(rule) => self.take(limiter, bucket, rule, now).await.map(Some),
            None => Ok(None),
        }
    }

    async fn take(
        &self,
        limiter: &Arc<dyn Limiter>,
        bucket: Bucket,
        rule: Rule,
        now: Timestamp,
    ) -> Result<Quota, Denied> {
        let decision = limiter.take(bucket, rule).await?;
        let quota = Quota::new(bucket, rule, decision, now);
        self.decisions
            .of(bucket.policy(), decision.admitted)
            .increment(1);
        if decision.admitted {
            Ok(quota)
        } else {
            Err(Denied::RateLimited(quota))
        }
    }
}

/// Whether a live token may do `operation` there, and whose limit that spends. `newest`: by its newest secret.
fn judge(
    operation: Operation,
    target: Target,
    token: &Token,
    newest: bool,
    standing: Option<(ServerId, Standing)>,
) -> Result<Bucket, Denied> {
    let requirement = operation.requirement();
    let bucket = match (target, standing) {
        (Target::Unreadable, _) => return Err(Denied::UnreadableServer),
        (Target::Sole, _) if token.servers.sole().is_none() => return Err(Denied::ServerRequired),
        (Target::Nothing, _) if requirement.subject != Subject::Server => {
            permission::check_scope(operation, token.scopes)?;
            Bucket::Token(token.id)
        }
        (_, None) => return Err(Denied::ServerNotFound),
        (_, Some((server, standing))) => {
            permission::check(operation, token.scopes, standing)?;
            match requirement.counts_against {
                Policy::Server => Bucket::Server(server),
                Policy::Token | Policy::Auth | Policy::User => Bucket::Token(token.id),
            }
        }
    };
    if requirement.changes && !newest {
        return Err(Denied::SecretReplaced);
    }
    Ok(bucket)
}

/// The counters of the limiter's decisions, kept, since asking the registry for each request costs more than
/// the decision.
struct Decisions([[Counter; 2]; Policy::ALL.len()]);

impl Decisions {
    fn new() -> Self {
        let counter = |policy: Policy, decision: &'static str| counter!("hush_limiter_decisions_total", "policy" => policy.as_str(), "decision" => decision);
        Self(Policy::ALL.map(|policy| [counter(policy, "refused"), counter(policy, "admitted")]))
    }

    fn of(&self, policy: Policy, admitted: bool) -> &Counter {
        &self.0[policy as usize][usize::from(admitted)]
    }
}
