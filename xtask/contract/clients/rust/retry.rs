//! Waits as long as the service says and sends the request again.

use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use http::{Extensions, Method, header::RETRY_AFTER};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

/// How to wait.
pub type Sleep = Box<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Sends a request again after the seconds that the answer's `Retry-After` names.
///
/// A POST or PATCH may have been carried out although its answer was lost, so that it is sent again only if it has an
/// `Idempotency-Key`. After `tries` attempts, or if the wait is longer than `longest` seconds, the answer is the
/// caller's.
pub struct Retry {
    pub tries: u32,
    pub longest: u64,
    pub sleep: Sleep,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            tries: 3,
            longest: 120,
            sleep: Box::new(|wait| Box::pin(tokio::time::sleep(wait))),
        }
    }
}

#[async_trait]
impl Middleware for Retry {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let repeatable = ![Method::POST, Method::PATCH].contains(request.method())
            || request.headers().contains_key("Idempotency-Key");
        let mut attempt = 1;
        loop {
            // A body that comes as a stream can be sent only once; those of the generated client do not.
            let again = request
                .try_clone()
                .filter(|_| repeatable && attempt < self.tries);
            let Some(again) = again else {
                return next.run(request, extensions).await;
            };
            let response = next.clone().run(again, extensions).await?;
            match seconds(&response).filter(|seconds| *seconds <= self.longest) {
                Some(seconds) => (self.sleep)(Duration::from_secs(seconds)).await,
                None => return Ok(response),
            }
            attempt += 1;
        }
    }
}

fn seconds(response: &Response) -> Option<u64> {
    let told = response.headers().get(RETRY_AFTER)?;
    told.to_str().ok()?.parse().ok()
}
