use async_trait::async_trait;
use hush_adapters::memory::Memory;
use hush_domain::feed::Shard;
use hush_domain::ids::ServerId;
use hush_ports::{FeedError, Followed, Ingest};

use super::*;

/// A store in which it takes as long as a beat until the lease is looked at.
struct Slow(Memory);

#[async_trait]
impl Feed for Slow {
    async fn lease(&self) -> Result<Lease, BackendError> {
        sleep(BEAT).await;
        self.0.lease().await
    }

    async fn take(&self, seen: Lease) -> Result<Option<Epoch>, BackendError> {
        Feed::take(&self.0, seen).await
    }

    async fn keep(&self, epoch: Epoch) -> Result<bool, BackendError> {
        self.0.keep(epoch).await
    }

    async fn resign(&self, epoch: Epoch) -> Result<bool, BackendError> {
        self.0.resign(epoch).await
    }

    fn ingest(&self, epoch: Epoch) -> Arc<dyn Ingest> {
        self.0.ingest(epoch)
    }

    async fn followed(&self, shard: Shard) -> Result<Vec<Followed>, BackendError> {
        self.0.followed(shard).await
    }

    async fn begin_session(
        &self,
        epoch: Epoch,
        shard: Shard,
        named: &[ServerId],
    ) -> Result<Vec<ServerId>, FeedError> {
        self.0.begin_session(epoch, shard, named).await
    }
}

async fn elapsed(what: impl Future<Output = ()>) -> Duration {
    let before = Instant::now();
    what.await;
    before.elapsed()
}

#[tokio::test(start_paused = true)]
async fn the_first_leads_at_once_and_a_second_waits_for_as_long_as_it_beats() {
    let memory = Memory::new();
    let first = Lead::win(&memory, false, None).await;
    assert!(first.holds());
    let kept = first.keep(&memory);
    let second = Lead::win(&memory, false, None);
    let hour = sleep(Duration::from_hours(1));
    tokio::select! {
        () = kept => panic!("it was lost"),
        _ = second => panic!("there were two"),
        () = hour => {}
    }
    assert!(first.holds());
}

#[tokio::test(start_paused = true)]
async fn another_takes_over_within_thirty_seconds_once_the_leader_is_gone() {
    let memory = Memory::new();
    let first = Lead::win(&memory, false, None).await;
    let waited = elapsed(async {
        let second = Lead::win(&memory, false, None).await;
        assert!(second.epoch > first.epoch);
        assert!(!first.holds(), "there were two");
    });
    let waited = waited.await;
    assert!(
        LASTS <= waited && waited < Duration::from_secs(25),
        "{waited:?}"
    );
    first.keep(&memory).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_one_who_has_resigned() {
    let memory = Memory::new();
    let first = Lead::win(&memory, false, None).await;
    first.resign(&memory).await;
    let waited = elapsed(async {
        Lead::win(&memory, false, None).await;
    });
    assert_eq!(waited.await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_waits_for_nobody() {
    let memory = Memory::new();
    Lead::win(&memory, false, None).await;
    let waited = elapsed(async {
        Lead::win(&memory, true, None).await;
    });
    assert_eq!(waited.await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lead_that_cannot_be_kept_runs_out_before_another_can_take_it() {
    let memory = Memory::new();
    let first = Lead::win(&memory, false, None).await;
    let taken = async {
        let second = Lead::win(&memory, false, None).await;
        assert!(!first.holds(), "there were two");
        second
    };
    let ((), second) = tokio::join!(first.run_out(), taken);
    assert!(second.holds());
    assert!(!memory.keep(first.epoch).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_beat_that_came_between_question_and_answer_counts_from_the_answer() {
    let memory = Memory::new();
    let slow = Slow(memory.clone());
    let second = Lead::win(&slow, false, None);
    let first = async {
        // The second has asked already.
        sleep(BEAT * 9 / 10).await;
        Lead::win(&memory, false, None).await
    };
    let (second, first) = tokio::join!(second, first);
    assert!(second.epoch > first.epoch);
    assert!(!first.holds(), "there were two");
}

#[tokio::test(start_paused = true)]
async fn who_has_lost_its_own_lead_to_nobody_does_not_wait_for_itself() {
    let memory = Memory::new();
    let lost = Lead::win(&memory, false, None).await;
    lost.run_out().await;
    let waited = elapsed(async {
        let again = Lead::win(&memory, false, Some(lost.epoch)).await;
        assert!(again.epoch > lost.epoch && again.holds());
    });
    assert_eq!(waited.await, Duration::ZERO);
    assert!(!memory.keep(lost.epoch).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn who_has_lost_its_lead_to_another_waits_for_that_one() {
    let memory = Memory::new();
    let lost = Lead::win(&memory, false, None).await;
    let other = Lead::win(&memory, false, None).await;
    let again = Lead::win(&memory, false, Some(lost.epoch)).await;
    assert!(again.epoch > other.epoch);
    assert!(!other.holds(), "there were two");
}
