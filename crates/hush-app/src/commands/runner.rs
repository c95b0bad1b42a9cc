//! Carrying commands out: each by one worker at a time, in order, until it has come to its end.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::commands::{Command, FailureCode, State};
use hush_domain::operations::Operation;
use hush_domain::permission;
use hush_domain::time::Timestamp;
use hush_ports::{
    Attempt, BackendError, Claimed, Clock, CommandExecutor, Commands, Held, Random, Room, Tokens,
};
use tokio::sync::watch;
use tokio::time::{interval, sleep, timeout};

use super::lease::Lease;
use super::news::News;
use super::outcome::{Next, after, lost, refused};
use super::under_way::UnderWay;
use super::{CommandError, Rules, meters};
use crate::Ports;

/// How many commands one process carries out at once.
const SLOTS: usize = 32;
/// How many of these messages never take.
const NO_MESSAGES: usize = 8;
/// How often it is looked whether another process has queued something, or the time for another attempt has come.
const LOOK: Duration = Duration::from_millis(500);
/// How often it is shown how much waits.
const SHOW: Duration = Duration::from_secs(10);
/// How many commands end at their deadline in one transaction.
const OVERDUE: u16 = 10;
/// How long to wait before another attempt, the first time and at most; and before the store is asked again.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
const STORE_AGAIN: Duration = Duration::from_millis(500);
/// How long before its deadline a command is no longer sent, since to reach the platform may take as long.
const REACH: Duration = Duration::from_secs(3);
/// How long what is being carried out may take to end once the service stops.
const FAREWELL: Duration = Duration::from_secs(11);

/// Carries commands out beside the requests.
#[derive(Clone)]
pub struct CommandRunner {
    commands: Arc<dyn Commands>,
    tokens: Arc<dyn Tokens>,
    executor: Option<Arc<dyn CommandExecutor>>,
    rules: Rules,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    news: Arc<News>,
}

impl CommandRunner {
    pub(crate) fn new(ports: &Ports, news: Arc<News>) -> Self {
        meters::describe();
        Self {
            commands: ports.commands.clone(),
            tokens: ports.tokens.clone(),
            executor: ports.executor.clone(),
            rules: Rules::new(ports),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            news,
        }
    }

    /// Carries commands out until `stop` says so; what is under way then may still end. Without a bot commands only come to
    /// their deadline. `alone` says that no other process can be there that does the same, so that nobody need be waited for.
    pub async fn run(&self, alone: bool, mut stop: watch::Receiver<bool>) {
        let beside = async { tokio::join!(self.expire(), self.show()) };
        let mut ending = stop.clone();
        tokio::select! {
            _ = beside => {}
            () = self.work(alone, &mut stop) => {}
            _ = ending.wait_for(|stop| *stop), if self.executor.is_none() => {}
        }
    }

    async fn work(&self, alone: bool, stop: &mut watch::Receiver<bool>) {
        let Some(executor) = &self.executor else {
            return std::future::pending().await;
        };
        while !is_over(stop) {
            let taken = Lease::take(&*self.commands, self.clock.clone(), alone);
            let lease = match taken.await {
                Ok(lease) => Arc::new(lease),
                Err(error) => {
                    tracing::warn!(%error, "commands cannot be carried out yet");
                    tokio::select! {
                        () = sleep(STORE_AGAIN) => {}
                        _ = stop.wait_for(|stop| *stop) => {}
                    }
                    continue;
                }
            };
            let mut under_way = UnderWay::default();
            tokio::select! {
                () = lease.keep(&*self.commands) => {
                    tracing::warn!(worker = lease.worker.0, "another process has taken the commands over");
                    // What is under way sends nothing more, and finds out for itself that it no longer has its command.
                    lease.end();
                    under_way.tasks.detach_all();
                }
                () = self.lead(executor, &lease, &mut under_way, stop.clone()) => {
                    lease.end();
                    // What is still under way may have been sent: who takes it over waits until it is surely over.
                    if under_way.is_empty() {
                        let _ = self.commands.dismiss(lease.worker, None).await;
                    }
                    under_way.tasks.detach_all();
                    return;
                }
            }
        }
    }

    /// Carries out whatever is handed out to the worker, until it is told to stop and what is under way has ended.
    async fn lead(
        &self,
        executor: &Arc<dyn CommandExecutor>,
        lease: &Arc<Lease>,
        under_way: &mut UnderWay,
        mut stop: watch::Receiver<bool>,
    ) {
        while !is_over(&stop) {
            let free = SLOTS.saturating_sub(under_way.len());
            if free > 0 && lease.is_fresh() {
                match self.claim(lease, under_way, free).await {
                    Ok(claimed) if !claimed.is_empty() => {
                        for claimed in claimed {
                            let (runner, executor) = (self.clone(), executor.clone());
                            let lease = lease.clone();
                            let is_message = claimed.command.order.channel().is_some();
                            under_way.begin(claimed.command.id, is_message, async move {
                                runner.carry_out(executor, &lease, claimed).await;
                            });
                        }
                        continue;
                    }
                    Ok(_) => {}
                    Err(error) => {
                        // What was handed out in an answer that was lost has to be handed out again.
                        under_way.is_in_doubt = true;
                        tracing::warn!(%error, "no commands are handed out just now");
                    }
                }
            }
            tokio::select! {
                () = self.news.until_queued() => {}
                () = under_way.ended() => {}
                () = sleep(LOOK) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        let ended = async {
            while !under_way.is_empty() {
                under_way.ended().await;
            }
        };
        let _ = timeout(FAREWELL, ended).await;
    }

    /// What can be begun now.
    async fn claim(
        &self,
        lease: &Lease,
        under_way: &mut UnderWay,
        free: usize,
    ) -> Result<Vec<Claimed>, BackendError> {
        let worker = lease.worker;
        if under_way.is_in_doubt {
            self.commands.release(worker, &under_way.known()).await?;
            under_way.is_in_doubt = false;
        }
        let messages = (SLOTS - NO_MESSAGES).saturating_sub(under_way.messages());
        let room = |places: usize| u16::try_from(places).unwrap_or(u16::MAX);
        let room = Room {
            commands: room(free),
            messages: room(messages.min(free)),
        };
        self.commands.claim(worker, self.clock.wall(), room).await
    }

    /// One attempt, and what follows from it.
    async fn carry_out(&self, executor: Arc<dyn CommandExecutor>, lease: &Arc<Lease>, it: Claimed) {
        let (command, unsure) = (Arc::new(it.command), it.unsure);
        let attempt = {
            let (runner, command, lease) = (self.clone(), command.clone(), lease.clone());
            tokio::spawn(async move { runner.attempt(&*executor, &lease, &command, unsure).await })
        };
        // A panic has been logged; how far it had come nobody knows.
        let next = attempt.await.unwrap_or(Next::Again { unsure: true });
        // What has become of it must not be lost: whoever does not know would do it again, or have to give it up.
        let mut wait = STORE_AGAIN;
        while let Err(error) = self.settle(lease, &command, &next).await {
            tracing::warn!(command = command.id.get(), %error, "what became of a command is not stored yet");
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
        }
    }

    async fn attempt(
        &self,
        executor: &dyn CommandExecutor,
        lease: &Arc<Lease>,
        command: &Arc<Command>,
        unsure: bool,
    ) -> Next {
        if lost(command, unsure, self.clock.wall()) {
            return Next::End(State::Failed(FailureCode::OutcomeUnknown));
        }
        match self.is_allowed(command).await {
            Err(error) => {
                tracing::warn!(command = command.id.get(), %error, "a command cannot be tried yet");
                return Next::Again { unsure };
            }
            Ok(Some(code)) => return refused(code, unsure),
            Ok(None) => {}
        }
        let (clock, lease, not_after) = (self.clock.clone(), lease.clone(), command.not_after);
        let attempt = Attempt {
            command: command.clone(),
            may_send: Arc::new(move || {
                let reached = clock.wall().checked_add(REACH);
                lease.is_fresh() && reached.is_some_and(|reached| reached < not_after)
            }),
        };
        let execution = executor.execute(attempt).await;
        after(command, unsure, execution, self.clock.wall())
    }

    /// Why a command must not be carried out as things are now, if it must not.
    async fn is_allowed(&self, command: &Command) -> Result<Option<FailureCode>, CommandError> {
        let now = self.clock.wall();
        let token = self.tokens.get(command.token).await?;
        let live =
            token.filter(|token| token.is_live(now) && token.servers.contains(command.server));
        let standing = self.tokens.standing(command.user, command.server).await?;
        let may = live.zip(standing).is_some_and(|(token, standing)| {
            permission::check(Operation::CreateCommand, token.scopes, standing).is_ok()
        });
        match self
            .rules
            .allow(&command.order, command.user, command.server)
            .await
        {
            Err(CommandError::ServerNotFound) => Ok(Some(FailureCode::ServerGone)),
            Ok(()) | Err(CommandError::Forbidden(_)) if !may => {
                Ok(Some(FailureCode::NoLongerAllowed))
            }
            Ok(()) => Ok(None),
            Err(CommandError::Forbidden(forbidden)) => Ok(Some(forbidden.code)),
            Err(error) => Err(error),
        }
    }

    /// Stores what became of an attempt. Whoever no longer has the command stores nothing.
    async fn settle(
        &self,
        lease: &Lease,
        command: &Command,
        next: &Next,
    ) -> Result<(), BackendError> {
        let now = self.clock.wall();
        let held = Held {
            worker: lease.worker,
            command: command.id,
            attempt: command.attempts,
        };
        match next {
            Next::End(state) => {
                let ended = self.commands.finish(held, state.clone(), now);
                if ended.await? {
                    meters::ended(&Command {
                        state: state.clone(),
                        ended_at: Some(now),
                        ..command.clone()
                    });
                    self.news.end(command.id);
                }
            }
            Next::Again { unsure } => {
                let again = now
                    .checked_add(self.wait_after(command.attempts))
                    .map_or(command.not_after, |again| again.min(command.not_after));
                let postponed = self.commands.postpone(held, again, *unsure);
                if postponed.await? {
                    meters::again(command);
                }
            }
        }
        Ok(())
    }

    /// How long to wait after so many attempts: twice as long each time, give or take a half, so that not all come again at
    /// once.
    fn wait_after(&self, attempts: u32) -> Duration {
        let doubled = AGAIN.0 * 2_u32.pow(attempts.saturating_sub(1).min(6));
        let mut random = [0; 2];
        // Without chance they come at once, which is no worse than late.
        let _ = self.random.fill(&mut random);
        let jitter = f64::from(u16::from_ne_bytes(random)) / f64::from(u16::MAX);
        doubled.min(AGAIN.1).mul_f64(0.5 + jitter)
    }

    /// Ends what has come to its deadline.
    async fn expire(&self) {
        let mut often = interval(LOOK);
        loop {
            often.tick().await;
            let now: Timestamp = self.clock.wall();
            loop {
                match self.commands.expire(now, OVERDUE).await {
                    Ok(expired) => {
                        for command in &expired {
                            meters::ended(command);
                            self.news.end(command.id);
                        }
                        if expired.len() < OVERDUE.into() {
                            break;
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "commands cannot come to their deadline yet");
                        break;
                    }
                }
            }
        }
    }

    /// Shows how much waits.
    async fn show(&self) {
        let mut often = interval(SHOW);
        loop {
            often.tick().await;
            if let Ok(waiting) = self.commands.waiting().await {
                meters::show(&waiting, self.clock.wall());
            }
        }
    }
}

/// Whether it is time to stop, or nobody is left to say so.
fn is_over(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}
