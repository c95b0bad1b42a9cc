//! What is measured of every call.

use hush_ports::{BackendError, Clock};
use metrics::{Counter, Histogram, Unit};

use crate::system::SystemClock;

/// A call of the store, as metrics name it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation {
    PresentToken,
    ListMemberships,
    ReadStanding,
    GetToken,
    CreateToken,
    ListTokens,
    RotateToken,
    RevokeToken,
    ReportLeaked,
    RemoveServer,
    GetUser,
    PageUsers,
    GetServer,
    ReadRoles,
    ServerStats,
    ReadChannels,
    GetSettings,
    ChangeSettings,
    PageAudit,
    AuditEnds,
    AuditRows,
    ReadSituation,
    QueueCommand,
    GetCommand,
    ListCommands,
    CancelCommand,
    KeepWorker,
    ClaimCommands,
    PostponeCommand,
    FinishCommand,
    ExpireCommands,
    CountCommands,
    TakeRequest,
    BucketLeft,
    SweepBuckets,
    RecordUsage,
    SpentUsage,
    ApplySnapshot,
    ApplyEvent,
    ApplyPresences,
    ReadLease,
    TakeLease,
    KeepLease,
    ResignLease,
    ReadFollowed,
    BeginSession,
    ReadSessions,
    RecordSession,
    Identify,
    TakeSamples,
    ReadSamples,
    Recount,
    Tidy,
    EraseUser,
    EraseServer,
    Ping,
}

impl Operation {
    const ALL: [Self; 56] = [
        Self::PresentToken,
        Self::ListMemberships,
        Self::ReadStanding,
        Self::GetToken,
        Self::CreateToken,
        Self::ListTokens,
        Self::RotateToken,
        Self::RevokeToken,
        Self::ReportLeaked,
        Self::RemoveServer,
        Self::GetUser,
        Self::PageUsers,
        Self::GetServer,
        Self::ReadRoles,
        Self::ServerStats,
        Self::ReadChannels,
        Self::GetSettings,
        Self::ChangeSettings,
        Self::PageAudit,
        Self::AuditEnds,
        Self::AuditRows,
        Self::ReadSituation,
        Self::QueueCommand,
        Self::GetCommand,
        Self::ListCommands,
        Self::CancelCommand,
        Self::KeepWorker,
        Self::ClaimCommands,
        Self::PostponeCommand,
        Self::FinishCommand,
        Self::ExpireCommands,
        Self::CountCommands,
        Self::TakeRequest,
        Self::BucketLeft,
        Self::SweepBuckets,
        Self::RecordUsage,
        Self::SpentUsage,
        Self::ApplySnapshot,
        Self::ApplyEvent,
        Self::ApplyPresences,
        Self::ReadLease,
        Self::TakeLease,
        Self::KeepLease,
        Self::ResignLease,
        Self::ReadFollowed,
        Self::BeginSession,
        Self::ReadSessions,
        Self::RecordSession,
        Self::Identify,
        Self::TakeSamples,
        Self::ReadSamples,
        Self::Recount,
        Self::Tidy,
        Self::EraseUser,
        Self::EraseServer,
        Self::Ping,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::PresentToken => "present_token",
            Self::ListMemberships => "list_memberships",
            Self::ReadStanding => "read_standing",
            Self::GetToken => "get_token",
            Self::CreateToken => "create_token",
            Self::ListTokens => "list_tokens",
            Self::RotateToken => "rotate_token",
            Self::RevokeToken => "revoke_token",
            Self::ReportLeaked => "report_leaked",
            Self::RemoveServer => "remove_server",
            Self::GetUser => "get_user",
            Self::PageUsers => "page_users",
            Self::GetServer => "get_server",
            Self::ReadRoles => "read_roles",
            Self::ServerStats => "server_stats",
            Self::ReadChannels => "read_channels",
            Self::GetSettings => "get_settings",
            Self::ChangeSettings => "change_settings",
            Self::PageAudit => "page_audit",
            Self::AuditEnds => "audit_ends",
            Self::AuditRows => "audit_rows",
            Self::ReadSituation => "read_situation",
            Self::QueueCommand => "queue_command",
            Self::GetCommand => "get_command",
            Self::ListCommands => "list_commands",
            Self::CancelCommand => "cancel_command",
            Self::KeepWorker => "keep_worker",
            Self::ClaimCommands => "claim_commands",
            Self::PostponeCommand => "postpone_command",
            Self::FinishCommand => "finish_command",
            Self::ExpireCommands => "expire_commands",
            Self::CountCommands => "count_commands",
            Self::TakeRequest => "take_request",
            Self::BucketLeft => "bucket_left",
            Self::SweepBuckets => "sweep_buckets",
            Self::RecordUsage => "record_usage",
            Self::SpentUsage => "spent_usage",
            Self::ApplySnapshot => "apply_snapshot",
            Self::ApplyEvent => "apply_event",
            Self::ApplyPresences => "apply_presences",
            Self::ReadLease => "read_lease",
            Self::TakeLease => "take_lease",
            Self::KeepLease => "keep_lease",
            Self::ResignLease => "resign_lease",
            Self::ReadFollowed => "read_followed",
            Self::BeginSession => "begin_session",
            Self::ReadSessions => "read_sessions",
            Self::RecordSession => "record_session",
            Self::Identify => "identify",
            Self::TakeSamples => "take_samples",
            Self::ReadSamples => "read_samples",
            Self::Recount => "recount",
            Self::Tidy => "tidy",
            Self::EraseUser => "erase_user",
            Self::EraseServer => "erase_server",
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
