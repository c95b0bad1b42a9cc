use hush_adapters::memory::Memory;

use super::*;

async fn elapsed(what: impl Future<Output = ()>) -> Duration {
    let before = Instant::now();
    what.await;
    before.elapsed()
}

#[tokio::test(start_paused = true)]
async fn the_first_leads_at_once_and_a_second_waits_for_as_long_as_it_beats() {
    let memory = Memory::new();
    let first = Lead::win(&memory, false).await;
    assert!(first.holds());
    let kept = first.keep(&memory);
    let second = Lead::win(&memory, false);
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
    let first = Lead::win(&memory, false).await;
    let waited = elapsed(async {
        let second = Lead::win(&memory, false).await;
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
    let first = Lead::win(&memory, false).await;
    first.resign(&memory).await;
    let waited = elapsed(async {
        Lead::win(&memory, false).await;
    });
    assert_eq!(waited.await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_waits_for_nobody() {
    let memory = Memory::new();
    Lead::win(&memory, false).await;
    let waited = elapsed(async {
        Lead::win(&memory, true).await;
    });
    assert_eq!(waited.await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lead_that_cannot_be_kept_runs_out_before_another_can_take_it() {
    let memory = Memory::new();
    let first = Lead::win(&memory, false).await;
    let taken = async {
        let second = Lead::win(&memory, false).await;
        assert!(!first.holds(), "there were two");
        second
    };
    let ((), second) = tokio::join!(first.run_out(), taken);
    assert!(second.holds());
    assert!(!memory.keep(first.epoch).await.unwrap());
}
