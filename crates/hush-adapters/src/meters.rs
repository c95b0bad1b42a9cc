//! What is measured of every call.

use hush_ports::{BackendError, Clock};
use metrics::{Counter, Histogram, Unit};

use crate::system::SystemClock;

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
pub(crate) struct Meters {
    clock: SystemClock,
    by_operation: [Meter; Operation::ALL.len()],
}

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
        let by_operation = Operation::ALL.map(|operation| {
            let operation = operation.as_str();
            let errors = |kind: &'static str| {
                metrics::counter!("hush_store_errors_total", "operation" => operation, "kind" => kind)
            };
            Meter {
                seconds: metrics::histogram!("hush_store_duration_seconds", "operation" => operation),
                transient: errors("transient"),
                permanent: errors("permanent"),
            }
        });
        Self {
            clock: SystemClock::new(),
            by_operation,
        }
    }

    /// Carries out one call and records how long it took and, if it failed, whether the failure is transient.
    pub(crate) async fn measure<T, E>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, BackendError>
    where
        BackendError: From<E>,
    {
        let start = self.clock.monotonic();
        let result = call.await.map_err(BackendError::from);
        let meter = &self.by_operation[operation as usize];
        meter
            .seconds
            .record(self.clock.monotonic().saturating_sub(start));
        match &result {
            Err(error) if error.is_transient() => meter.transient.increment(1),
            Err(_) => meter.permanent.increment(1),
            Ok(_) => {}
        }
        result
    }
}
