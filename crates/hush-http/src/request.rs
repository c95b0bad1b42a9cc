//! A request as a handler sees it.

use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, RawPathParams, Request};
use http::request::Parts;
use http::{HeaderMap, header};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hush_app::{App, Credential, Permit, Target};
use hush_domain::operations::Operation;
use tokio::time::timeout_at;

use crate::api::Shared;
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::settings::{DEADLINE, MAX_BODY};
use crate::trail::Trail;

/// A request on its way through a handler: what was sent, and what is learned about it.
pub(crate) struct ApiRequest {
    pub(crate) shared: Arc<Shared>,
    pub(crate) trail: Arc<Trail>,
    parts: Parts,
    body: Body,
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

    /// The id in the path. Anything that is no id names nothing.
    pub(crate) async fn path_id<T: FromStr>(&mut self) -> Option<T> {
        let params = RawPathParams::from_request_parts(&mut self.parts, &())
            .await
            .ok()?;
        let (_, id) = params.iter().next()?;
        id.parse().ok()
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
        let permit = match admitted {
            Ok(permit) => permit,
            Err(refused) => {
                if let Some(token) = refused.token {
                    let _ = self.trail.token.set(token);
                }
                if let Some(server) = refused.server {
                    let _ = self.trail.server.set(server);
                }
                if let hush_app::Denied::RateLimited(quota) = &refused.why {
                    let _ = self.trail.quota.set(*quota);
                }
                return Err(refused.why.into());
            }
        };
        if let hush_app::Caller::Token(token) = permit.caller() {
            let _ = self.trail.token.set(token.id);
        }
        if let Some(server) = permit.server() {
            let _ = self.trail.server.set(server);
        }
        if let Some(quota) = permit.quota() {
            let _ = self.trail.quota.set(*quota);
        }
        if !self.body.is_end_stream() {
            // Boxed, since hardly a request has a body and each would carry the room for reading one.
            Box::pin(self.drain_body()).await?;
        }
        Ok(permit)
    }

    async fn drain_body(&mut self) -> Result<(), Problem> {
        let body = std::mem::take(&mut self.body);
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Err(Code::PayloadTooLarge.into());
        }
        let whole = Limited::new(body, MAX_BODY).collect();
        match timeout_at(self.trail.started + DEADLINE, whole).await {
            Ok(Ok(_)) => Ok(()),
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
