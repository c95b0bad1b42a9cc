//! Looks at what the service answers, below the retries.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use http::{Extensions, header::RETRY_AFTER};
use reqwest::{Body, Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

/// Keeps the status and the `Retry-After` of each answer; the first one may be made up.
#[derive(Clone, Default)]
pub struct Watched {
    answers: Arc<Mutex<Vec<(u16, Option<u64>)>>>,
    first: Arc<Mutex<Option<String>>>,
}

impl Watched {
    /// The first answer is a 503 with this `Retry-After`, of which the service knows nothing.
    pub fn after_503(seconds: &str) -> Self {
        Self {
            first: Arc::new(Mutex::new(Some(seconds.to_owned()))),
            ..Self::default()
        }
    }

    pub fn statuses(&self) -> Vec<u16> {
        let answers = locked(&self.answers);
        answers.iter().map(|(status, _)| *status).collect()
    }

    pub fn waits(&self) -> Vec<u64> {
        let answers = locked(&self.answers);
        answers.iter().filter_map(|(_, seconds)| *seconds).collect()
    }

    pub fn forget(&self) {
        locked(&self.answers).clear();
    }
}

#[async_trait]
impl Middleware for Watched {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let made_up = locked(&self.first).take();
        let response = match made_up {
            Some(seconds) => http::Response::builder()
                .status(503)
                .header(RETRY_AFTER, seconds)
                .body(Body::default())
                .map_err(Error::middleware)?
                .into(),
            None => next.run(request, extensions).await?,
        };
        let seconds = response.headers().get(RETRY_AFTER);
        let seconds = seconds.and_then(|it| it.to_str().ok()?.parse().ok());
        locked(&self.answers).push((response.status().as_u16(), seconds));
        Ok(response)
    }
}

/// What is kept stays true although somebody panicked beside it.
pub fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
