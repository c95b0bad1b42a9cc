//! What happens to commands in this process, told to whoever waits for it.

use std::sync::Arc;

use hush_domain::ids::CommandId;
use tokio::sync::{Notify, broadcast, watch};

/// How many ends are kept for who has not heard them yet. Who misses some looks again anyway.
const KEPT: usize = 256;

/// Tells of commands.
pub(crate) struct News {
    queued: Notify,
    ended: broadcast::Sender<CommandId>,
    stopping: watch::Receiver<bool>,
}

/// Hears of ends.
pub(super) struct Ended {
    ended: broadcast::Receiver<CommandId>,
    stopping: watch::Receiver<bool>,
}

impl News {
    /// News until `stopping` says that the service is about to stop.
    pub(crate) fn new(stopping: watch::Receiver<bool>) -> Arc<Self> {
        Arc::new(Self {
            queued: Notify::new(),
            ended: broadcast::Sender::new(KEPT),
            stopping,
        })
    }

    /// Tells that there is something to carry out.
    pub(super) fn queued(&self) {
        self.queued.notify_one();
    }

    /// Waits until there is.
    pub(super) async fn until_queued(&self) {
        self.queued.notified().await;
    }

    /// Tells that a command has come to its end.
    pub(super) fn end(&self, command: CommandId) {
        // Mostly nobody waits.
        let _ = self.ended.send(command);
    }

    /// Hears of the ends from now on.
    pub(super) fn ended(&self) -> Ended {
        Ended {
            ended: self.ended.subscribe(),
            stopping: self.stopping.clone(),
        }
    }
}

impl Ended {
    /// Whether the service is about to stop.
    pub(super) fn is_over(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until a command may have ended, or the service is about to stop.
    pub(super) async fn of(&mut self, command: CommandId) {
        tokio::select! {
            () = heard(&mut self.ended, command) => {}
            _ = self.stopping.wait_for(|stopping| *stopping) => {}
        }
    }
}

async fn heard(ended: &mut broadcast::Receiver<CommandId>, command: CommandId) {
    while ended.recv().await.is_ok_and(|other| other != command) {}
}
