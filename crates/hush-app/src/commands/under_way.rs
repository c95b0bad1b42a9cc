//! The attempts that are under way.

use std::collections::HashMap;
use std::future::Future;

use hush_domain::ids::CommandId;
use tokio::task::{self, JoinSet};

/// What is being carried out.
#[derive(Default)]
pub(super) struct UnderWay {
    pub(super) tasks: JoinSet<()>,
    /// Which command each is about, and whether it is a message. A command may be begun again while what became of the attempt
    /// before is not known to be stored.
    commands: HashMap<task::Id, (CommandId, bool)>,
    /// Whether there may be commands that were handed out and never arrived.
    pub(super) is_in_doubt: bool,
}

impl UnderWay {
    pub(super) fn begin(
        &mut self,
        command: CommandId,
        is_message: bool,
        attempt: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(attempt);
        self.commands.insert(task.id(), (command, is_message));
    }

    pub(super) fn len(&self) -> usize {
        self.commands.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    pub(super) fn messages(&self) -> usize {
        self.commands.values().filter(|it| it.1).count()
    }

    pub(super) fn known(&self) -> Vec<CommandId> {
        self.commands.values().map(|it| it.0).collect()
    }

    /// Waits until one has ended; for ever if there is none.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((task, ()))) => _ = self.commands.remove(&task),
            // Attempts panic in a task of their own, so this one cannot.
            Some(Err(error)) => _ = self.commands.remove(&error.id()),
            None => std::future::pending().await,
        }
    }
}
