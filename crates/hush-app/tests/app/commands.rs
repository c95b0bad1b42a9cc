//! Queueing commands: what is asked of the store, and what its answers become.

use std::sync::{Arc, Mutex};

use hush_app::{Cause, CommandError, CreateCommand, Failure, Sent, Target};
use hush_domain::commands::{Command, Order, Report, State};
use hush_domain::ids::{CommandId, ServerId, TokenId};
use hush_domain::operations::Operation;
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, Cancelled, Commands, MockCommands, Outcome, QueueCommandError};

use crate::commanding::{BOT, CHANNEL, Stage, done, kick, say, under};
use crate::support::{ADMIN, HOME, MEMBER, server, user};
use crate::uses::at_once;

fn wanted(order: Order) -> CreateCommand {
    CreateCommand {
        order,
        not_after: None,
    }
}

/// A command that was carried out meanwhile.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands for a call of the store"
)]
fn ended(server: ServerId, command: CommandId) -> Result<Option<Command>, BackendError> {
    let at = Timestamp::EPOCH;
    Ok(Some(Command {
        id: command,
        server,
        order: kick(MEMBER),
        token: TokenId::FIRST,
        user: user(ADMIN),
        request_id: None,
        reason: None,
        created_at: at,
        not_after: at,
        started_at: Some(at),
        ended_at: Some(at),
        attempts: 3,
        state: State::Succeeded(Report::Done),
    }))
}

/// A stage over a store that does what `teach` says and knows everybody.
async fn taught(teach: impl FnOnce(&mut MockCommands)) -> Stage {
    let plain = Stage::new(|_, _| done()).await;
    let memory = plain.world.memory.clone();
    let mut store = MockCommands::new();
    store
        .expect_situation()
        .returning(move |server, users, channel| at_once(memory.situation(server, users, channel)));
    teach(&mut store);
    Stage::with(|_, _| done(), |ports| ports.commands = Arc::new(store)).await
}

async fn create(stage: &Stage, order: Order) -> Result<Sent, CommandError> {
    let target = Target::Server(server(HOME));
    let permit = stage
        .world
        .admit(&stage.token, Operation::CreateCommand, target);
    let commands = &stage.world.app.commands;
    let cause = Cause::default();
    commands
        .create(&permit.await.unwrap(), wanted(order), cause, under(1))
        .await
}

#[tokio::test(start_paused = true)]
async fn another_id_is_drawn_for_one_that_is_taken() {
    let ids = Arc::new(Mutex::new(Vec::new()));
    let seen = ids.clone();
    let stage = taught(|store| {
        store.expect_replay().times(1).returning(|_, _, _| Ok(None));
        store.expect_queue().times(3).returning(move |command, _| {
            let mut seen = seen.lock().unwrap();
            seen.push(command.id);
            if seen.len() < 3 {
                return Err(QueueCommandError::IdTaken);
            }
            Ok(Outcome::Done(command))
        });
    })
    .await;
    let sent = create(&stage, kick(MEMBER)).await.unwrap();
    let ids = ids.lock().unwrap();
    let Sent::Now(command) = sent else {
        panic!("{sent:?}")
    };
    assert_eq!(command.id, ids[2]);
    assert_ne!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
}

#[tokio::test(start_paused = true)]
async fn a_store_in_which_every_id_is_taken_is_broken() {
    let stage = taught(|store| {
        store.expect_replay().returning(|_, _, _| Ok(None));
        let taken = |_, _| Err(QueueCommandError::IdTaken);
        store.expect_queue().times(8).returning(taken);
    })
    .await;
    let failed = create(&stage, kick(MEMBER)).await.unwrap_err();
    assert!(
        matches!(failed, CommandError::Failed(Failure::Internal(_))),
        "{failed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_sent_twice_at_once_is_answered_as_the_other_was() {
    let stage = taught(|store| {
        store.expect_replay().returning(|_, _, _| Ok(None));
        let kept = |_, _| Ok(Outcome::Replayed(b"77".to_vec()));
        store.expect_queue().times(1).returning(kept);
        store.expect_get().times(1).returning(ended);
    })
    .await;
    let sent = create(&stage, kick(MEMBER)).await.unwrap();
    // As it was then, whatever has become of it.
    assert!(
        matches!(&sent, Sent::Before(it) if it.id.get() == 77 && it.state == State::Queued && it.attempts == 0),
        "{sent:?}"
    );
}

/// Once it was carried out, the facts may be others: they are not even asked for.
#[tokio::test(start_paused = true)]
async fn what_was_queued_before_is_looked_for_first() {
    let mut store = MockCommands::new();
    store
        .expect_replay()
        .times(1)
        .returning(|_, _, _| Ok(Some(b"77".to_vec())));
    store.expect_get().times(1).returning(ended);
    let stage = Stage::with(|_, _| done(), |ports| ports.commands = Arc::new(store)).await;
    let sent = create(&stage, kick(MEMBER)).await.unwrap();
    // As it was then, whatever has become of it.
    assert!(
        matches!(&sent, Sent::Before(it) if it.id.get() == 77 && it.state == State::Queued && it.attempts == 0),
        "{sent:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_told_apart_from_a_broken_one() {
    for transient in [true, false] {
        let mut store = MockCommands::new();
        store.expect_replay().returning(move |_, _, _| {
            Err(QueueCommandError::Backend(if transient {
                BackendError::transient("away")
            } else {
                BackendError::permanent("broken")
            }))
        });
        let stage = Stage::with(|_, _| done(), |ports| ports.commands = Arc::new(store)).await;
        match create(&stage, kick(MEMBER)).await.unwrap_err() {
            CommandError::Failed(Failure::Unavailable(_)) => assert!(transient),
            CommandError::Failed(Failure::Internal(_)) => assert!(!transient),
            other => panic!("{other:?}"),
        }
    }
}

/// Whoever orders, the bot, and those to whom something is done: each once, and the channel.
#[tokio::test(start_paused = true)]
async fn the_rules_ask_for_what_they_are_about_and_no_more() {
    for (order, users, channel) in [
        (kick(MEMBER), vec![ADMIN, MEMBER, BOT], None),
        (kick(ADMIN), vec![ADMIN, BOT], None),
        (kick(BOT), vec![ADMIN, BOT], None),
        (say(CHANNEL), vec![ADMIN, BOT], Some(CHANNEL)),
    ] {
        let users: Vec<_> = users.into_iter().map(user).collect();
        let channel = channel.map(|id| id.try_into().unwrap());
        let mut store = MockCommands::new();
        store.expect_replay().returning(|_, _, _| Ok(None));
        store
            .expect_situation()
            .times(1)
            .withf(move |there, about, into| {
                *there == server(HOME) && about == users && *into == channel
            })
            .returning(|_, _, _| Ok(None));
        let stage = Stage::with(|_, _| done(), |ports| ports.commands = Arc::new(store)).await;
        let refused = create(&stage, order).await.unwrap_err();
        assert!(
            matches!(refused, CommandError::ServerNotFound),
            "{refused:?}"
        );
    }
}

/// Nothing is done, and nothing is shown.
#[tokio::test(start_paused = true)]
async fn a_permit_for_another_operation_opens_nothing() {
    let stage = Stage::new(|_, _| done()).await;
    let id = stage.queue(kick(MEMBER)).await;
    let everything = hush_domain::scopes::Scope::ALL;
    let token = stage.world.token(ADMIN, &[HOME], &everything).await;
    let commands = &stage.world.app.commands;
    for operation in Operation::ALL {
        let target = Target::Server(server(HOME));
        let Ok(permit) = stage.world.admit(&token, operation, target).await else {
            continue;
        };
        let filter = hush_app::CommandFilter {
            state: None,
            kind: None,
            before: None,
            limit: 9,
        };
        let order = wanted(kick(MEMBER));
        let opened: Vec<(Operation, Option<CommandError>)> = vec![
            (Operation::GetCommand, commands.get(&permit, id).await.err()),
            (
                Operation::ListCommands,
                commands.page(&permit, filter).await.err(),
            ),
            (
                Operation::CreateCommand,
                commands.try_out(&permit, &order).await.err(),
            ),
            (
                Operation::CancelCommand,
                commands.cancel(&permit, id, Cause::default()).await.err(),
            ),
        ];
        for (its_own, error) in opened {
            match error {
                None => assert_eq!(operation, its_own),
                Some(CommandError::Failed(Failure::Internal(_))) => assert_ne!(operation, its_own),
                Some(other) => panic!("{operation:?}: {other:?}"),
            }
        }
    }
    assert_eq!(
        stage.state(id).await,
        State::Cancelled,
        "by the permit that is for it"
    );
}

/// It does not matter which process took it back.
#[tokio::test(start_paused = true)]
async fn who_waits_sees_the_end_that_another_process_brought() {
    let stage = Stage::new(|_, _| done()).await;
    let id = stage.queue(kick(MEMBER)).await;
    let scopes = [hush_domain::scopes::Scope::CommandsRead];
    let token = stage.world.token(ADMIN, &[HOME], &scopes).await;
    let target = Target::Server(server(HOME));
    let permit = stage
        .world
        .admit(&token, Operation::GetCommand, target)
        .await
        .unwrap();
    let patience = std::time::Duration::from_secs(20);
    let waiting = stage.world.app.commands.wait(&permit, id, patience);
    let elsewhere = async {
        let known: Command = stage.command(id).await;
        let act = known.act(known.created_at);
        let memory: &dyn Commands = &*stage.world.memory;
        let cancelled = memory.cancel(server(HOME), id, &act).await.unwrap();
        assert!(matches!(cancelled, Cancelled::Yes(_)));
    };
    let (waited, ()) = tokio::join!(waiting, elsewhere);
    assert_eq!(waited.unwrap().state, State::Cancelled);
}
