//! Discord's REST API, to which each request is sent once.
//!
//! twilight's limiter keeps account of the limits, but its client does not send: it sends again by itself what was
//! answered by a 429, reads the limits of an answer only where a scope is named, which Discord does in a 429 alone, and
//! takes each member for a limit of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hush_ports::Clock;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use twilight_http_ratelimiting::{Bucket, Permit, RateLimiter};

use super::calls::Call;
use super::connect::{self, Http};
use super::limits;
use super::restraint::Restraint;
use crate::Settings;

/// How long a request may wait for its turn.
const TURN: Duration = Duration::from_secs(5);
/// How often who waits looks whether the request may still be sent.
const LOOK: Duration = Duration::from_millis(250);
/// How long Discord may take for its answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 1 << 18;
/// Who asks, as Discord wants it to be said.
const AGENT: &str = concat!(
    "DiscordBot (",
    env!("CARGO_PKG_REPOSITORY"),
    ", ",
    env!("CARGO_PKG_VERSION"),
    ")"
);
const REASON: HeaderName = HeaderName::from_static("x-audit-log-reason");

/// What became of a request.
pub(super) enum Answer {
    /// It was answered so; the body is empty if it did not come whole.
    Is(StatusCode, Bytes),
    /// It was not sent, or was answered by a 429.
    Limited,
    /// It was not sent.
    NotSent,
    /// It was sent, and not answered.
    Lost,
}

/// Discord's REST API.
pub(super) struct Rest {
    http: Http,
    limiter: RateLimiter,
    /// Where the paths begin, such as `https://discord.com/api/v10`.
    root: String,
    /// The header with the bot's token.
    authorization: String,
    /// When requests may be sent again, after there were too many of all kinds.
    quiet_until: Mutex<Instant>,
    restraint: Restraint,
    clock: Arc<dyn Clock>,
}

impl Rest {
    pub(super) fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        let origin = settings.api.as_ref().map_or_else(
            || "https://discord.com".to_owned(),
            |proxy| format!("http://{}", proxy.authority()),
        );
        Self {
            http: connect::http(),
            limiter: RateLimiter::default(),
            root: format!("{origin}/api/v10"),
            authorization: format!("Bot {}", settings.token.secret()),
            quiet_until: Mutex::new(Instant::now()),
            restraint: Restraint::new(),
            clock,
        }
    }

    /// Sends a request once, when it is its turn and if it may be sent then.
    pub(super) async fn send(
        &self,
        call: &Call<'_>,
        may_send: &(dyn Fn() -> bool + Send + Sync),
    ) -> Answer {
        if let Some(body) = self.restraint.forbidden(call) {
            return Answer::Is(StatusCode::FORBIDDEN, body);
        }
        if self.restraint.is_spent() {
            return Answer::Limited;
        }
        let latest = Instant::now() + TURN;
        let permit = match self.turn(call, latest, may_send).await {
            Ok(permit) => permit,
            Err(answer) => return answer,
        };
        if let Err(answer) = self.quiet(latest, may_send).await {
            return answer;
        }
        if !may_send() || call.is_over(self.clock.wall()) {
            return Answer::NotSent;
        }
        if !self.restraint.may_ask() {
            return Answer::Limited;
        }
        let Ok(request) = self.request(call) else {
            // Its parts are numbers and texts of our own, so nobody gets here.
            return Answer::NotSent;
        };
        let deadline = Instant::now() + ANSWER;
        let response = match timeout_at(deadline, self.http.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a request to Discord was not answered");
                return if error.is_connect() {
                    Answer::NotSent
                } else {
                    Answer::Lost
                };
            }
            Err(_) => return Answer::Lost,
        };
        self.note(permit, &response);
        let status = response.status();
        let body = Limited::new(response.into_body(), LARGEST).collect();
        let body = timeout_at(deadline, body).await.ok().and_then(Result::ok);
        let body = body.map(Collected::to_bytes).unwrap_or_default();
        self.restraint.note(call, status, &body);
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Answer::Limited;
        }
        Answer::Is(status, body)
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Full<Bytes>>, http::Error> {
        let mut authorization = HeaderValue::from_str(&self.authorization)?;
        authorization.set_sensitive(true);
        let mut request = Request::builder()
            .method(call.method.name())
            .uri(format!("{}/{}", self.root, call.path))
            .header(AUTHORIZATION, authorization)
            .header(USER_AGENT, AGENT);
        if let Some(reason) = call.reason() {
            let reason = utf8_percent_encode(&reason, NON_ALPHANUMERIC).to_string();
            request = request.header(REASON, reason);
        }
        let body = call.body();
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map(|body| body.to_string());
        request.body(Full::from(body.unwrap_or_default()))
    }

    /// Waits for the turn of a request, unless it is too far away.
    async fn turn(
        &self,
        call: &Call<'_>,
        latest: Instant,
        may_send: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Permit, Answer> {
        let comes_in_time = move |bucket: Option<Bucket>| {
            bucket.is_none_or(|it| it.remaining > 0 || it.reset_at <= latest.into_std())
        };
        let mut turn = self.limiter.acquire_if(call.endpoint(), comes_in_time);
        while may_send() {
            match timeout(LOOK, &mut turn).await {
                Ok(permit) => return permit.ok_or(Answer::Limited),
                Err(_) if Instant::now() >= latest => return Err(Answer::Limited),
                Err(_) => {}
            }
        }
        Err(Answer::NotSent)
    }

    /// Waits until there are no longer too many requests of all kinds, unless that is too far away. Who did not wait would
    /// go back into the queue, and so would all that come after it.
    async fn quiet(
        &self,
        latest: Instant,
        may_send: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<(), Answer> {
        while may_send() {
            let (now, until) = (Instant::now(), *self.quiet_until());
            if until <= now {
                return Ok(());
            }
            if until > latest {
                return Err(Answer::Limited);
            }
            sleep_until(until.min(now + LOOK)).await;
        }
        Err(Answer::NotSent)
    }

    fn quiet_until(&self) -> MutexGuard<'_, Instant> {
        self.quiet_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps account of what an answer says of limits.
    fn note<B>(&self, permit: Permit, response: &Response<B>) {
        let (status, headers) = (response.status(), response.headers());
        let left = limits::left(status, headers);
        if status == StatusCode::TOO_MANY_REQUESTS {
            let away = limits::away(headers);
            tracing::warn!(?away, "there were too many requests to Discord");
            if left.is_none() {
                let mut quiet_until = self.quiet_until();
                *quiet_until = (*quiet_until).max(Instant::now() + away);
            }
        }
        permit.complete(left);
    }
}
