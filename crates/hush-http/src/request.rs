//! A request as a handler sees it.

use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, MatchedPath, Request};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hush_app::{App, Caller, Cause, Credential, Denied, Permit, Refused, Repeatable, Target};
use hush_domain::operations::Operation;
use percent_encoding::percent_decode_str;
use tokio::time::{Instant, timeout_at};

use crate::api::Shared;
use crate::body::{self, FromBody};
use crate::intent;
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::settings::{DEADLINE, MAX_BODY};
use crate::trail::Trail;

/// A body that takes longer than this is slow: what admission found may no longer be true.
const FAST: Duration = Duration::from_millis(250);

/// How a body came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Fast,
    Slow,
}

/// A request on its way through a handler: what was sent, and what is learned about it.
pub(crate) struct ApiRequest {
    pub(crate) shared: Arc<Shared>,
    pub(crate) trail: Arc<Trail>,
    parts: Parts,
    body: Body,
    /// The body, once it was taken in.
    content: Bytes,
}

impl FromRequest<Arc<Shared>> for ApiRequest {
    type Rejection = Infallible;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let trail = parts.extensions.remove::<Arc<Trail>>().unwrap_or_else(|| {
            // Only the edge calls the router; a request that did not come through it still has an id.
            Arc::new(Trail::new(
                &parts.headers,
                std::net::Ipv4Addr::UNSPECIFIED.into(),
            ))
        });
        if let Some(path) = parts.extensions.get::<MatchedPath>() {
            let _ = trail.route.set(shared.metrics.route(path.as_str()));
        }
        Ok(Self {
            shared: shared.clone(),
            trail,
            parts,
            body,
            content: Bytes::new(),
        })
    }
}

impl ApiRequest {
    pub(crate) fn app(&self) -> &App {
        &self.shared.app
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The whole path, as it was sent.
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The query's parameters. For after admission.
    pub(crate) fn query(&self) -> Query<'_> {
        Query::new(self.parts.uri.query().unwrap_or_default())
    }

    /// The id that stands in the path where the route has `name`. Anything that is no id names nothing.
    pub(crate) fn path_id<T: FromStr>(&self, name: &str) -> Option<T> {
        let route = self.parts.extensions.get::<MatchedPath>()?.as_str();
        let is_named =
            |part: &str| part.strip_prefix('{').and_then(|it| it.strip_suffix('}')) == Some(name);
        let place = route.split('/').position(is_named)?;
        let id = percent_decode_str(self.path().split('/').nth(place)?);
        id.decode_utf8().ok()?.parse().ok()
    }

    /// The server that the path addresses.
    pub(crate) fn path_server(&self) -> Target {
        self.path_id("id").map_or(Target::NoServer, Target::Server)
    }

    /// The server that the query addresses.
    pub(crate) fn queried_server(&self) -> Target {
        match self.query().get("server_id") {
            Ok(None) => Target::Sole,
            Ok(Some(id)) => id.parse().map_or(Target::Unreadable, Target::Server),
            Err(_) => Target::Unreadable,
        }
    }

    /// Admits the request, then takes in its body, so that nobody without a token makes us wait for one.
    /// Operations without a body read it all the same: its limits are the same everywhere.
    pub(crate) async fn admit(
        &mut self,
        operation: Operation,
        target: Target,
    ) -> Result<Permit, Problem> {
        let credential = credential(&self.parts.headers)?;
        if let Target::Server(server) = target {
            let _ = self.trail.server.set(server);
        }
        let client = self.trail.client.into();
        let admitted = self
            .shared
            .app
            .admission
            .admit(&credential, client, operation, target)
            .await;
        let permit = self.note(admitted)?;
        if self.take_in_body().await? == Pace::Slow {
            self.confirm(operation, target).await?;
        }
        Ok(permit)
    }

    /// Looks once more whether what was admitted some time ago may be answered.
    pub(crate) async fn confirm(
        &mut self,
        operation: Operation,
        target: Target,
    ) -> Result<(), Problem> {
        let credential = credential(&self.parts.headers)?;
        let admission = &self.shared.app.admission;
        let confirmed = admission.confirm(&credential, operation, target).await;
        confirmed.map_err(|refused| refused.why.into())
    }

    /// The same for what anybody may ask: nobody looks at a token.
    pub(crate) async fn admit_anyone(&mut self) -> Result<Permit, Problem> {
        let client = self.trail.client.into();
        let admitted = self.shared.app.admission.admit_anyone(client).await;
        let permit = self.note(admitted)?;
        self.take_in_body().await?;
        Ok(permit)
    }

    /// Notes what admission found.
    fn note(&self, admitted: Result<Permit, Refused>) -> Result<Permit, Problem> {
        let trail = &self.trail;
        let permit = match admitted {
            Ok(permit) => permit,
            Err(refused) => {
                let quota = match &refused.why {
                    Denied::RateLimited(quota) => Some(quota),
                    _ => None,
                };
                trail.note(refused.token, refused.server, quota, refused.ending);
                return Err(refused.why.into());
            }
        };
        let token = match permit.caller() {
            Caller::Token(token) => Some(token.id),
            Caller::Interaction(_) | Caller::Operator | Caller::Anyone => None,
        };
        trail.note(token, permit.server(), permit.quota(), permit.ending());
        Ok(permit)
    }

    /// Takes in the body of a request that was admitted.
    async fn take_in_body(&mut self) -> Result<Pace, Problem> {
        if self.body.is_end_stream() {
            return Ok(Pace::Fast);
        }
        let begin = Instant::now();
        // Boxed, since hardly a request has a body and each would carry the room for reading one.
        self.content = Box::pin(self.drain_body()).await?;
        Ok(if begin.elapsed() < FAST {
            Pace::Fast
        } else {
            Pace::Slow
        })
    }

    /// The body, which must be a JSON object. For after admission.
    pub(crate) fn json<T: FromBody>(&self) -> Result<T, Problem> {
        body::read(self.headers(), &self.content)
    }

    /// Why the change that is asked for is made.
    pub(crate) fn cause(&self) -> Result<Cause, Problem> {
        Ok(Cause {
            request_id: self.trail.request_id().parse().ok(),
            reason: intent::reason(self.headers())?,
        })
    }

    /// What makes the request repeatable, if the client wants that: asked again, it is answered with what `answer`
    /// makes of what was made or changed. For after admission.
    pub(crate) fn repeatable<T>(
        &self,
        answer: impl Fn(&T) -> Vec<u8> + Send + Sync + 'static,
    ) -> Result<Option<Repeatable<T>>, Problem> {
        let (method, path) = (self.parts.method.as_str(), self.path());
        let key = intent::key(self.headers())?;
        Ok(key.map(|key| Repeatable {
            route: format!("{method} {path}").into(),
            key,
            fingerprint: intent::fingerprint(method, path, &self.content),
            answer: Arc::new(answer),
        }))
    }

    async fn drain_body(&mut self) -> Result<Bytes, Problem> {
        let body = std::mem::take(&mut self.body);
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Err(Code::PayloadTooLarge.into());
        }
        let whole = Limited::new(body, MAX_BODY).collect();
        match timeout_at(self.trail.started + DEADLINE, whole).await {
            Ok(Ok(whole)) => Ok(whole.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Code::PayloadTooLarge.into()),
            // The client broke off, or its framing is wrong: nobody is left to read more than this.
            Ok(Err(_)) => Err(Code::InvalidRequest.into()),
            Err(_) => Err(Code::RequestTimeout.into()),
        }
    }
}

/// What the `Authorization` header holds. The scheme is case-insensitive; a token is nowhere else.
fn credential(headers: &HeaderMap) -> Result<Credential, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(Credential::Missing);
    };
    if values.next().is_some() {
        return Err(Code::InvalidRequest.into());
    }
    let value = value.as_bytes();
    let (scheme, rest) = match value.iter().position(|byte| *byte == b' ') {
        Some(space) => value.split_at(space),
        None => (value, &[][..]),
    };
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(Credential::Missing);
    }
    let secret = std::str::from_utf8(rest)
        .ok()
        .map(|text| text.trim_matches(' '));
    Ok(secret
        .and_then(|text| text.parse().ok())
        .map_or(Credential::Malformed, Credential::Secret))
}
