//! What is measured of every call.

use std::time::Duration;

use metrics::{Counter, Histogram, Unit};

/// A call of the store, as metrics name it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation {
    PresentToken,
    ListMemberships,
    CreateToken,
    ListTokens,
    RevokeToken,
    GetUser,
    PageUsers,
    ServerStats,
    TakeRequest,
    SweepBuckets,
    ApplySnapshot,
    ApplyEvent,
    Recount,
    Ping,
}

impl Operation {
    const ALL: [Self; 14] = [
        Self::PresentToken,
        Self::ListMemberships,
        Self::CreateToken,
        Self::ListTokens,
        Self::RevokeToken,
        Self::GetUser,
        Self::PageUsers,
        Self::ServerStats,
        Self::TakeRequest,
        Self::SweepBuckets,
        Self::ApplySnapshot,
        Self::ApplyEvent,
        Self::Recount,
        Self::Ping,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::PresentToken => "present_token",
            Self::ListMemberships => "list_memberships",
            Self::CreateToken => "create_token",
            Self::ListTokens => "list_tokens",
            Self::RevokeToken => "revoke_token",
            Self::GetUser => "get_user",
            Self::PageUsers => "page_users",
            Self::ServerStats => "server_stats",
            Self::TakeRequest => "take_request",
            Self::SweepBuckets => "sweep_buckets",
            Self::ApplySnapshot => "apply_snapshot",
            Self::ApplyEvent => "apply_event",
            Self::Recount => "recount",
            Self::Ping => "ping",
        }
    }
}

/// The meters of every operation. They are looked up once and kept: a look-up for each call costs more than the
/// recording.
pub(crate) struct Meters([Meter; Operation::ALL.len()]);

struct Meter {
    seconds: Histogram,
    transient: Counter,
    permanent: Counter,
}

impl Meters {
    /// The meters of the recorder that is installed now.
    pub(crate) fn new() -> Self {
        metrics::describe_histogram!(
            "hush_store_duration_seconds",
            Unit::Seconds,
            "How long a call of the store took, the wait for a connection included."
        );
        metrics::describe_counter!(
            "hush_store_errors_total",
            Unit::Count,
            "Calls of the store that failed. Transient ones may succeed later."
        );
        Self(Operation::ALL.map(|operation| {
            let operation = operation.as_str();
            let errors = |kind: &'static str| {
                metrics::counter!("hush_store_errors_total", "operation" => operation, "kind" => kind)
            };
            Meter {
                seconds: metrics::histogram!("hush_store_duration_seconds", "operation" => operation),
                transient: errors("transient"),
                permanent: errors("permanent"),
            }
        }))
    }

    /// Records one call: how long it took and, if it failed, whether the failure is transient.
    pub(crate) fn record(&self, operation: Operation, took: Duration, failed: Option<bool>) {
        let meter = &self.0[operation as usize];
        meter.seconds.record(took);
        match failed {
            Some(true) => meter.transient.increment(1),
            Some(false) => meter.permanent.increment(1),
            None => {}
        }
    }
}
