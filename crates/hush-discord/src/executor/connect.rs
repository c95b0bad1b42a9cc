//! Reaching Discord, in a time that is sure: what fails until then was not sent.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::time::timeout;
use tower::{BoxError, Service};

/// How long it may take to reach Discord: to find its address, to connect and to agree on how to encrypt.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a connection without requests is kept: less than Discord keeps it, since what is sent while the other side
/// hangs up may have been done.
const IDLE: Duration = Duration::from_secs(30);

/// Sends requests to Discord. An error says `is_connect` if the request was not sent.
pub(super) type Http = Client<Bounded<HttpsConnector<HttpConnector>>, Full<Bytes>>;

pub(super) fn http() -> Http {
    crate::settings::choose_encryption();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    // Shared among the addresses, so that one that does not answer leaves time for the next.
    tcp.set_connect_timeout(Some(CONNECT));
    let tls = ClientConfig::builder()
        .with_webpki_roots()
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_timer(TokioTimer::new())
        .build(Bounded(connector))
}

/// A connector that gives up in time.
#[derive(Clone)]
pub(super) struct Bounded<C>(C);

impl<C> Service<Uri> for Bounded<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<C::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = timeout(CONNECT, self.0.call(to));
        let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
        connecting.map(move |it| it.unwrap_or_else(late)).boxed()
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use tokio::net::TcpListener;
    use tokio::time::{Instant, pause};

    use super::*;

    #[tokio::test]
    async fn who_never_agrees_on_how_to_encrypt_is_left_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let request = Request::get(format!("https://{address}/"));
        let request = request.body(Full::default()).unwrap();
        let start = Instant::now();
        let asking = tokio::spawn(http().request(request));
        let _silent = listener.accept().await.unwrap();
        // From here on the clock runs ahead to what ends the waiting.
        pause();
        assert!(asking.await.unwrap().unwrap_err().is_connect());
        assert!(start.elapsed() < CONNECT + Duration::from_secs(1));
    }
}
