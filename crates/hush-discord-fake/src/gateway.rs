//! The gateway: WebSocket connections that are read and written, and can be cut anywhere.

mod compression;
mod cuttable;
mod protocol;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use futures::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_websockets::{CloseCode, Config, Error, Limits, Message, ServerBuilder, WebSocketStream};

pub(crate) use self::protocol::is_token;

use self::compression::Compressor;
use self::cuttable::Cuttable;
use crate::session;
use crate::state::{Connection, Outgoing, Shared, State};

/// Accepts connections for ever.
pub(crate) async fn listen(shared: Arc<Shared>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // For want of file descriptors, which others will give back.
            tokio::task::yield_now().await;
            continue;
        };
        shared.change(|state| {
            if !state.refuse_connections {
                open(&shared, state, stream, &mut connections);
            }
        });
    }
}

fn open(shared: &Arc<Shared>, state: &mut State, stream: TcpStream, connections: &mut JoinSet<()>) {
    state.observed.connections += 1;
    let id = state.observed.connections as u64;
    let (outgoing, frames) = mpsc::unbounded_channel();
    let budget = Arc::new(AtomicUsize::new(usize::MAX));
    let stream = Cuttable::new(stream, Arc::clone(&budget));
    let connection = Connection {
        outgoing,
        // It begins with a look at the state, which is locked until the connection stands in it.
        task: connections.spawn(serve(Arc::clone(shared), id, stream, frames)),
        budget,
        session: None,
    };
    state.connections.insert(id, connection);
    state.observed.open = state.connections.len();
}

async fn serve(
    shared: Arc<Shared>,
    id: u64,
    stream: Cuttable,
    frames: mpsc::UnboundedReceiver<Outgoing>,
) {
    // A broken connection is what clients do, not a fault of the fake's.
    let ending = converse(&shared, id, stream, frames).await;
    shared.change(|state| state.ended(id, ending.unwrap_or(Ending::Broken)));
}

/// How a connection ended.
enum Ending {
    /// The client closed it with this code.
    Client(u16),
    /// It broke, or the client went without a word.
    Broken,
    /// The fake closed it.
    Fake,
}

/// Reads and writes until one side ends it.
async fn converse(
    shared: &Arc<Shared>,
    id: u64,
    stream: Cuttable,
    mut frames: mpsc::UnboundedReceiver<Outgoing>,
) -> Result<Ending, Error> {
    let (request, mut socket) = ServerBuilder::new()
        .limits(Limits::unlimited())
        // One frame for each message, as Discord does it.
        .config(Config::default().frame_size(usize::MAX))
        .accept(stream)
        .await?;
    let query = request.uri().query().unwrap_or_default();
    let asks = query.split('&').any(|it| it == "compress=zstd-stream");
    let (interval, compresses) = shared.read(|state| {
        let setup = &state.setup;
        (setup.heartbeat_interval, setup.compress && asks)
    });
    let mut compressor = compresses.then(Compressor::new);
    let hello = session::hello(interval.as_millis());
    write(&mut socket, &mut compressor, &hello).await?;
    let mut paused = shared.paused.subscribe();
    loop {
        let is_paused = *paused.borrow_and_update();
        tokio::select! {
            biased;
            // First of all, so that nothing is written that comes after a pause.
            change = paused.changed() => if change.is_err() { return Ok(Ending::Fake) },
            message = socket.next() => match message {
                None => return Ok(Ending::Broken),
                Some(message) => {
                    let message = message?;
                    if let Some((code, _)) = message.as_close() {
                        // The answer to the close frame.
                        socket.close().await.ok();
                        return Ok(Ending::Client(code.into()));
                    }
                    if let Some(text) = message.as_text() {
                        shared.change(|state| state.receive(id, text));
                    }
                }
            },
            frame = frames.recv(), if !is_paused => match frame {
                None => return Ok(Ending::Fake),
                Some(Outgoing::Text(text)) => write(&mut socket, &mut compressor, &text).await?,
                Some(Outgoing::Close(code)) => {
                    let code = CloseCode::try_from(code).map_err(|_| io::Error::other("no close code"))?;
                    socket.send(Message::close(Some(code), "")).await?;
                    // The client's answer, or the end of its connection.
                    while let Some(Ok(message)) = socket.next().await {
                        if message.is_close() {
                            break;
                        }
                    }
                    return Ok(Ending::Fake);
                }
            },
        }
    }
}

async fn write(
    socket: &mut WebSocketStream<Cuttable>,
    compressor: &mut Option<Compressor>,
    text: &str,
) -> Result<(), Error> {
    let message = match compressor {
        Some(compressor) => Message::binary(compressor.compress(text)?),
        None => Message::text(text.to_owned()),
    };
    socket.send(message).await
}
