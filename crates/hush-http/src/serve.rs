//! Listening: connections that are bounded in number, size and time, and an orderly end.
//!
//! `axum::serve` sets no timer, so a half-sent request would hold its connection for ever, and hyper's own
//! header timer also runs while a connection is idle, where a proxy's pooled connection must not be cut. So
//! each connection is watched from outside ([`watch`]): one sweep every so often closes what is late.

mod frames;
mod io;
mod watch;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures::FutureExt;
use http::Request;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use self::io::{Guarded, Protocol};
use self::watch::{Verdict, Watch, Watches};
use crate::Api;
use crate::settings::MAX_HEAD;

/// How long to wait after the system could not accept a connection, which is usually for want of file
/// descriptors that others will give back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How many requests one HTTP/2 connection may have under way.
const MAX_STREAMS: u32 = 128;

/// Answers connections to `listener` until `stop` is done, then lets running requests finish for as long as
/// the settings say and closes the rest.
pub async fn serve(listener: TcpListener, api: Api, stop: impl Future<Output = ()>) {
    let settings = api.settings().clone();
    let watches = Watches::new(settings.keep_alive_idle);
    let places = Arc::new(Semaphore::new(settings.max_connections));
    let sweeper = tokio::spawn(watches.clone().sweep());
    let mut stop = pin!(stop);
    loop {
        let accept = async {
            // A permit is taken before the connection, so that further ones wait in the system's queue.
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = &mut stop => break,
            accepted = accept => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (api, watch) = (api.clone(), watches.add());
                tokio::spawn(async move {
                    let _place = place;
                    connection(stream, peer, api, watch).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    watches.drain(settings.drain_limit).await;
    sweeper.abort();
}

/// Serves one connection until it ends or its watch says that it shall.
async fn connection(mut stream: TcpStream, peer: SocketAddr, api: Api, watch: Arc<Watch>) {
    let watched = Watched(watch);
    let watch = &watched.0;
    // Without this, an answer's last packet can wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let protocol = tokio::select! {
        protocol = io::detect(&mut stream) => protocol,
        _ = watch.verdict() => return,
    };
    let Ok((protocol, prefix)) = protocol else {
        return;
    };
    let guarded = TokioIo::new(Guarded::new(stream, prefix, protocol, watch.clone()));
    let service = service_fn(|request: Request<Incoming>| {
        let running = Watch::request(watch);
        let body = |incoming: Incoming| {
            if incoming.is_end_stream() {
                Body::empty()
            } else {
                Body::new(incoming)
            }
        };
        api.respond(request.map(body), peer).map(|response| {
            drop(running);
            Ok::<_, Infallible>(response)
        })
    });
    match protocol {
        Protocol::Http1 => {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new())
                .header_read_timeout(None)
                .writev(false)
                .max_header_size(MAX_HEAD);
            run(http.serve_connection(guarded, service), watch, |http| {
                http.graceful_shutdown();
            })
            .await;
        }
        Protocol::Http2 => {
            let mut http = http2::Builder::new(TokioExecutor::new());
            http.timer(TokioTimer::new())
                .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
                .max_concurrent_streams(MAX_STREAMS);
            run(http.serve_connection(guarded, service), watch, |http| {
                http.graceful_shutdown();
            })
            .await;
        }
    }
}

/// Drives a connection, ends it gracefully when it was idle for too long or the service stops, and drops it
/// when it is late.
async fn run<C: Future>(connection: C, watch: &Watch, end: impl Fn(Pin<&mut C>)) {
    let mut connection = pin!(connection);
    loop {
        tokio::select! {
            // Whatever ends a connection (the client going away, a broken frame) is nothing to report.
            biased;
            _ = connection.as_mut() => return,
            verdict = watch.verdict() => match verdict {
                Verdict::End => end(connection.as_mut()),
                Verdict::Drop => return,
            },
        }
    }
}

/// Takes the connection off the watch list, also when its task panics.
struct Watched(Arc<Watch>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.gone();
    }
}
