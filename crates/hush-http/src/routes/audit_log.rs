//! Who did what in a server.

use axum::response::Response;
use http::header;
use hush_app::AuditFilter;
use hush_domain::audit::{Action, ActorKind};
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::expected::{SNOWFLAKE, TIME, one_of};
use crate::page::{PageOf, cursor, next_link};
use crate::problem::Problem;
use crate::query::Query;
use crate::request::ApiRequest;
use crate::wire::{self, AuditLogEntry, AuditLogPage, Snowflake};

/// List a server's audit log
///
/// A page of what was done to the server's settings and to tokens that name it, newest first.
#[utoipa::path(
    get,
    path = "/v1/servers/{id}/audit-log",
    operation_id = "listAuditLog",
    tag = "servers",
    params(
        ("id" = Snowflake, Path, description = "The server."),
        ("actor" = Option<wire::ActorKind>, Query, description = "Only what such an actor did."),
        ("user_id" = Option<Snowflake>, Query, description = "Only what this user did."),
        ("token_id" = Option<Snowflake>, Query, description = "Only what was done through this token."),
        ("action" = Option<wire::Action>, Query, description = "Only this."),
        ("since" = Option<String>, Query, format = DateTime, max_length = 40,
            description = "Only what was done then or later (RFC 3339)."),
        ("until" = Option<String>, Query, format = DateTime, max_length = 40,
            description = "Only what was done before (RFC 3339)."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000, example = 50,
            description = "How many entries at most; 50 if left out."),
        ("after" = Option<String>, Query, pattern = "^([1-9a-f][0-9a-f]{0,14}|[1-7][0-9a-f]{15})$", max_length = 16,
            description = "The cursor `next` of the page before; opaque."),
    ),
    responses((status = 200, body = AuditLogPage<'_>, description = "A page of entries.")),
)]
pub(super) async fn list_audit_log(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::ListAuditLog, target).await?;
    let filter = read_filter(request.query())?;
    let PageOf { limit, after } = PageOf::<u64>::read(request.query())?;
    let page = request
        .app()
        .audit
        .page(&permit, filter, after, limit)
        .await?;
    let entries = page.rows.iter().map(AuditLogEntry::try_from);
    let body = AuditLogPage {
        entries: entries.collect::<Result<_, _>>()?,
        next: page.next.map(cursor),
    };
    let mut answer = Answer::json(&body)?;
    if let Some(next) = &body.next {
        let kept = ["actor", "user_id", "token_id", "action", "since", "until"];
        answer = answer.with(header::LINK, next_link(&request, &kept, limit, next)?);
    }
    Ok(answer.to(&request))
}

fn read_filter(query: Query<'_>) -> Result<AuditFilter, Problem> {
    let kind = |text: &str| {
        ActorKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
    };
    let kinds = one_of(ActorKind::ALL.map(ActorKind::as_str));
    let actions = one_of(Action::ALL.map(Action::as_str));
    Ok(AuditFilter {
        actor: query.read("actor", &kinds, kind)?,
        user: query.read("user_id", SNOWFLAKE, |text| text.parse().ok())?,
        token: query.read("token_id", SNOWFLAKE, |text| text.parse().ok())?,
        action: query.read("action", &actions, |text| text.parse().ok())?,
        since: query.read("since", TIME, |text| text.parse().ok())?,
        until: query.read("until", TIME, |text| text.parse().ok())?,
    })
}
