//! Several processes, one of which writes for the feed.

use std::sync::mpsc;

use hush_adapters::postgres::Postgres;
use hush_domain::events::ListedMember;
use hush_domain::feed::{Epoch, Shard};
use hush_ports::{
    Channels, Feed, IngestError, MemberSource, Samples, SourceError, StatsReader, Upkeep,
};
use sqlx::{Executor, PgConnection};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::database::TestDatabase;
use super::examples::{at, member, server, snapshot, store};

/// A leader whose snapshot of server 5 is under way, and another process.
struct Halted {
    epoch: Epoch,
    leader: Postgres,
    other: Postgres,
    go_on: mpsc::Sender<()>,
    applying: JoinHandle<Result<(), IngestError>>,
    around: PgConnection,
    _database: TestDatabase,
}

impl Halted {
    async fn create() -> Self {
        let database = TestDatabase::create().await;
        let leader = database.connect().await;
        let epoch = lead(&leader).await;
        let ingest = leader.ingest(epoch);
        let (begun, under_way) = oneshot::channel();
        let (go_on, waiting) = mpsc::channel();
        let source = Halting {
            begun: Some(begun),
            go_on: waiting,
        };
        let applying = tokio::spawn(async move {
            let snapshot = ingest.apply_snapshot(snapshot(5), Box::new(source), at(1));
            snapshot.await
        });
        under_way.await.unwrap();
        Self {
            epoch,
            leader,
            other: database.connect().await,
            go_on,
            applying,
            around: database.connection().await,
            _database: database,
        }
    }

    /// The other process takes the lead, and waits for what the leader has under way.
    async fn overtaking(&mut self) -> JoinHandle<Option<Epoch>> {
        let other = self.other.clone();
        let taking = tokio::spawn(async move {
            let seen = other.lease().await.unwrap();
            Feed::take(&other, seen).await.unwrap()
        });
        until_waiting(&mut self.around, 1).await;
        taking
    }
}

/// Whoever takes the lead waits for what is under way, and then sees all of it; so does whoever gives it up.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nobody_is_overtaken_before_their_transaction_ends() {
    let mut halted = Halted::create().await;
    let taking = halted.overtaking().await;
    let (leader, epoch) = (halted.leader.clone(), halted.epoch);
    let resigning = tokio::spawn(async move { leader.resign(epoch).await.unwrap() });
    until_waiting(&mut halted.around, 2).await;
    assert_eq!(halted.leader.lease().await.unwrap().epoch, halted.epoch);
    halted.go_on.send(()).unwrap();
    halted.applying.await.unwrap().unwrap();
    // One of them is first, and the other one too late.
    assert_ne!(taking.await.unwrap().is_some(), resigning.await.unwrap());
    let stats = halted.other.server_stats(server(5)).await.unwrap();
    assert_eq!(stats.unwrap().members, Some(1));
}

/// A beat passes both what is under way and who waits for it, who then finds a leader that is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn who_beats_meanwhile_keeps_the_lead() {
    let mut halted = Halted::create().await;
    let taking = halted.overtaking().await;
    assert!(halted.leader.keep(halted.epoch).await.unwrap());
    halted.go_on.send(()).unwrap();
    halted.applying.await.unwrap().unwrap();
    assert_eq!(taking.await.unwrap(), None);
    assert!(halted.leader.keep(halted.epoch).await.unwrap());
}

/// A process that was stopped in the middle of a transaction holds nobody up for more than 5 s, and nothing of it stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn who_stands_still_is_cut_off() {
    let mut halted = Halted::create().await;
    let taking = halted.overtaking().await;
    assert_eq!(taking.await.unwrap(), Some(Epoch(halted.epoch.0 + 1)));
    halted.go_on.send(()).unwrap();
    let refused = halted.applying.await.unwrap().unwrap_err();
    assert!(
        matches!(&refused, IngestError::Backend(error) if error.is_transient()),
        "{refused:?}"
    );
    assert_eq!(halted.leader.server_stats(server(5)).await.unwrap(), None);
    // Asked again, it is told the reason.
    let members = Box::new(vec![member(1, "one")].into_iter());
    let ingest = halted.leader.ingest(halted.epoch);
    let refused = ingest.apply_snapshot(snapshot(5), members, at(2)).await;
    assert!(matches!(refused, Err(IngestError::Deposed)), "{refused:?}");
}

/// Two processes that wait for one and the same leader: one of them follows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn of_two_who_wait_for_the_lead_one_gets_it() {
    let mut halted = Halted::create().await;
    let one = halted.overtaking().await;
    let third = halted.other.clone();
    let seen = third.lease().await.unwrap();
    let other = tokio::spawn(async move { Feed::take(&third, seen).await.unwrap() });
    until_waiting(&mut halted.around, 2).await;
    halted.go_on.send(()).unwrap();
    let taken = [one.await.unwrap(), other.await.unwrap()];
    let taken: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!(taken, [Epoch(halted.epoch.0 + 1)]);
}

/// Whoever erases a server and whoever takes samples wait for each other, whichever is first: none of its samples stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_sample_of_an_erased_server_stays() {
    let database = TestDatabase::create().await;
    let leader = database.connect().await;
    let epoch = lead(&leader).await;
    let mut holding = database.connection().await;
    let mut around = database.connection().await;
    around.execute(HALT_AT_SAMPLES).await.unwrap();
    for samples_first in [true, false] {
        let members = Box::new(vec![].into_iter());
        let ingest = leader.ingest(epoch);
        let followed = ingest.apply_snapshot(snapshot(5), members, at(1));
        followed.await.unwrap();
        holding.execute("SELECT pg_advisory_lock(1)").await.unwrap();
        let (sampler, eraser) = (leader.clone(), leader.clone());
        let sample = async move {
            Samples::take(&sampler, epoch, &[SOLE], at(2))
                .await
                .unwrap()
        };
        let erase = async move { eraser.erase_server(server(5)).await.unwrap() };
        let (sampling, erasing) = if samples_first {
            let sampling = tokio::spawn(sample);
            until_waiting(&mut around, 1).await;
            (sampling, tokio::spawn(erase))
        } else {
            let erasing = tokio::spawn(erase);
            until_waiting(&mut around, 1).await;
            (tokio::spawn(sample), erasing)
        };
        until_waiting(&mut around, 2).await;
        holding
            .execute("SELECT pg_advisory_unlock(1)")
            .await
            .unwrap();
        assert_eq!(sampling.await.unwrap(), u64::from(samples_first));
        erasing.await.unwrap();
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM hourly_samples")
            .fetch_one(&mut around)
            .await
            .unwrap();
        assert_eq!(left, 0, "samples first: {samples_first}");
    }
}

/// What a process of an older version stores is what no feed follows, and has no channels. It takes no channels away with
/// a server, but those go with the next that are said.
#[tokio::test]
async fn an_older_version_goes_on_beside_the_feed() {
    let database = TestDatabase::create().await;
    let leader = database.connect().await;
    store(&leader, 5, Vec::new()).await;
    let mut around = database.connection().await;
    around.execute(OLDER_VERSION).await.unwrap();
    assert_eq!(leader.followed(SOLE).await.unwrap(), []);
    store(&leader, 5, Vec::new()).await;
    for id in [5, 6] {
        let channels = Channels::list(&leader, server(id)).await;
        assert_eq!(channels.unwrap(), Some(Vec::new()));
    }
}

async fn lead(process: &Postgres) -> Epoch {
    let seen = process.lease().await.unwrap();
    Feed::take(process, seen).await.unwrap().unwrap()
}

/// Returns once so many wait for a lock in the database of `around`.
async fn until_waiting(around: &mut PgConnection, many: i64) {
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(&mut *around)
        .await
        .unwrap();
        if waiting == many {
            return;
        }
    }
}

/// Delivers one member, once it may go on.
struct Halting {
    begun: Option<oneshot::Sender<()>>,
    go_on: mpsc::Receiver<()>,
}

impl MemberSource for Halting {
    fn next_part(&mut self) -> Result<Option<Vec<ListedMember>>, SourceError> {
        let Some(begun) = self.begun.take() else {
            return Ok(None);
        };
        begun.send(()).unwrap();
        tokio::task::block_in_place(|| self.go_on.recv().unwrap());
        Ok(Some(vec![member(1, "one")]))
    }
}

const SOLE: Shard = Shard {
    number: 0,
    total: 1,
};

/// Whoever has written samples, or begins to remove some, waits for whoever has the lock 1.
const HALT_AT_SAMPLES: &str = "
    CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(1);
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER halt_after_writing AFTER INSERT ON hourly_samples
        FOR EACH STATEMENT EXECUTE FUNCTION halt();
    CREATE TRIGGER halt_before_removal BEFORE DELETE ON hourly_samples
        FOR EACH STATEMENT EXECUTE FUNCTION halt()";

/// As a process of 1.3 removes server 5 and takes in server 6.
const OLDER_VERSION: &str = "
    INSERT INTO channels (server_id, id, name, kind) VALUES (5, 50, 'left', 0);
    DELETE FROM servers WHERE id = 5;
    INSERT INTO servers
        (id, name, owner_id, member_count, generation, presences_known, listed, bots, online, as_of)
    VALUES (6, 'Server', 1, NULL, NULL, true, 0, 0, 0, now())
    ON CONFLICT (id) DO UPDATE SET name = excluded.name";
