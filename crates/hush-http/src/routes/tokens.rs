//! Personal tokens.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use hush_app::{Cause, Issued, Target};
use hush_domain::ids::TokenId;
use hush_domain::operations::Operation;
use hush_domain::tokens;

use crate::answer::{Answer, done};
use crate::headers::text;
use crate::intent::IDEMPOTENT_REPLAYED;
use crate::page::{PageOf, cursor, next_link};
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;
use crate::wire::{
    CreateToken, IssuedToken, ReportLeakedToken, RotateToken, Snowflake, Token, TokenPage, kept_id,
};

/// List tokens
///
/// A page of your own tokens that name no other server than the one that asks, or, with `server_id`, of everybody's
/// tokens that name that server. By ascending id, revoked and expired ones included; never a secret.
#[utoipa::path(
    get,
    path = "/v1/tokens",
    operation_id = "listTokens",
    tag = "tokens",
    params(
        ("server_id" = Option<Snowflake>, Query, description = "Lists every token that names this server, instead of \
            your own."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000, example = 50,
            description = "How many tokens at most; 50 if left out."),
        ("after" = Option<String>, Query, pattern = "^([1-9a-f][0-9a-f]{0,14}|[1-7][0-9a-f]{15})$", max_length = 16,
            description = "The cursor `next` of the page before; opaque."),
    ),
    responses((status = 200, body = TokenPage, description = "A page of tokens.")),
)]
pub(super) async fn list_tokens(mut request: ApiRequest) -> Result<Response, Problem> {
    let (operation, target) = match request.queried_server() {
        Target::Sole => (Operation::ListTokens, Target::Nothing),
        server => (Operation::ListServerTokens, server),
    };
    let permit = request.admit(operation, target).await?;
    let PageOf { limit, after } = PageOf::<TokenId>::read(request.query())?;
    let tokens = &request.app().tokens;
    let page = match operation {
        Operation::ListServerTokens => tokens.list_of_server(&permit, after, limit).await?,
        _ => tokens.list_own(&permit, after, limit).await?,
    };
    let body = TokenPage {
        tokens: page.tokens.iter().map(Token::from).collect(),
        next: page.next.map(|token| cursor(token.get())),
    };
    let mut answer = Answer::json(&body)?;
    if let Some(next) = &body.next {
        let link = next_link(&request, &["server_id"], limit, next)?;
        answer = answer.with(header::LINK, link);
    }
    Ok(answer.to(&request))
}

/// Make a token
///
/// A new token for yourself. It names no other server, can do no more and lives no longer than the token that makes
/// it, and is revoked together with that one. The answer shows its secret, this once.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    operation_id = "createToken",
    tag = "tokens",
    request_body(content = CreateToken, description = "What it shall be."),
    responses((status = 201, body = IssuedToken<'_>, description = "The token with its secret.")),
)]
pub(super) async fn create_token(mut request: ApiRequest) -> Result<Response, Problem> {
    let permit = request
        .admit(Operation::CreateToken, Target::Nothing)
        .await?;
    let (cause, repeatable) = (request.cause()?, request.repeatable(kept)?);
    let wanted: CreateToken = request.json()?;
    let tokens = &request.app().tokens;
    let issued = tokens.create_own(&permit, wanted.into(), cause, repeatable);
    let (id, answer) = show(issued.await?)?;
    let base = &request.shared.settings.public_url;
    Ok(answer
        .with(header::LOCATION, text(format!("{base}/v1/tokens/{id}")))
        .once(StatusCode::CREATED))
}

/// Get a token
///
/// One of your own tokens that names no other server than the one that asks. A token needs no scope to see itself;
/// for others it needs the scope `tokens:read`.
#[utoipa::path(
    get,
    path = "/v1/tokens/{id}",
    operation_id = "getToken",
    tag = "tokens",
    params(("id" = Snowflake, Path, description = "The token.")),
    responses((status = 200, body = Token, description = "The token.")),
)]
pub(super) async fn get_token(mut request: ApiRequest) -> Result<Response, Problem> {
    let permit = request.admit(Operation::GetToken, Target::Nothing).await?;
    let id = request.path_id("id").ok_or(Code::TokenNotFound)?;
    let token = request.app().tokens.get_own(&permit, id).await?;
    Ok(Answer::json(&Token::from(&token))?.to(&request))
}

/// Revoke a token
///
/// Ends one of your own tokens and all that descend from it. One that was revoked before stays so. A token needs no
/// scope to end itself; for others it needs the scope `tokens:write`.
#[utoipa::path(
    delete,
    path = "/v1/tokens/{id}",
    operation_id = "revokeToken",
    tag = "tokens",
    params(("id" = Snowflake, Path, description = "The token.")),
    responses((status = 204, description = "It is revoked.")),
)]
pub(super) async fn revoke_token(mut request: ApiRequest) -> Result<Response, Problem> {
    let permit = request
        .admit(Operation::RevokeToken, Target::Nothing)
        .await?;
    let cause = request.cause()?;
    let id = request.path_id("id").ok_or(Code::TokenNotFound)?;
    request.app().tokens.revoke_own(&permit, id, cause).await?;
    Ok(done(StatusCode::NO_CONTENT))
}

/// Give a token a new secret
///
/// The token keeps id, name, servers, scopes and end. The secret before still reads for `grace_seconds`, but changes
/// nothing. The tokens that it made are revoked unless they are kept. The answer shows the new secret, this once.
///
/// A token that gives itself a new secret and loses the answer learns from `secret-replaced` that it was carried out:
/// by its former secret it cannot ask again.
#[utoipa::path(
    post,
    path = "/v1/tokens/{id}/rotate",
    operation_id = "rotateToken",
    tag = "tokens",
    params(("id" = Snowflake, Path, description = "The token: the one that asks, one that descends from it, or \
        another one of yours that no token made, names no other server, can do no more and lives no longer. That one \
        then ends with the one that asks.")),
    request_body(content = RotateToken, description = "What it shall leave of what was before."),
    responses((status = 200, body = IssuedToken<'_>, description = "The token with its new secret.")),
)]
pub(super) async fn rotate_token(mut request: ApiRequest) -> Result<Response, Problem> {
    let permit = request
        .admit(Operation::RotateToken, Target::Nothing)
        .await?;
    let (cause, repeatable) = (request.cause()?, request.repeatable(kept)?);
    let wanted: RotateToken = request.json()?;
    let id = request.path_id("id").ok_or(Code::TokenNotFound)?;
    let tokens = &request.app().tokens;
    let issued = tokens.rotate_own(&permit, wanted.of(id), cause, repeatable);
    let (_, answer) = show(issued.await?)?;
    Ok(answer.once(StatusCode::OK))
}

/// Report a leaked token
///
/// Whoever finds a token in the open may end it: it is revoked at once with all that descend from it. The answer is
/// the same whatever the text was. Needs no token, and is limited by the address that asks.
#[utoipa::path(
    post,
    path = "/v1/tokens/report-leaked",
    operation_id = "reportLeakedToken",
    tag = "tokens",
    request_body(content = ReportLeakedToken, description = "What was found."),
    responses((status = 202, description = "If it was a token, it is no longer one.")),
)]
pub(super) async fn report_leaked_token(mut request: ApiRequest) -> Result<Response, Problem> {
    let permit = request.admit_anyone().await?;
    let report: ReportLeakedToken = request.json()?;
    if let Some(secret) = report.into_secret() {
        let cause = Cause {
            request_id: request.trail.request_id().parse().ok(),
            reason: None,
        };
        let reported = request.app().tokens.report_leaked(&permit, &secret, cause);
        reported.await?;
    }
    Ok(done(StatusCode::ACCEPTED))
}

/// Take a server off a token
///
/// Takes your server off somebody's token and off all that descend from it. A token that names no other server is
/// revoked. One that was revoked before stays so.
#[utoipa::path(
    delete,
    path = "/v1/servers/{id}/tokens/{token_id}",
    operation_id = "removeServerFromToken",
    tag = "tokens",
    params(
        ("id" = Snowflake, Path, description = "The server."),
        ("token_id" = Snowflake, Path, description = "The token."),
    ),
    responses((status = 204, description = "The token no longer reaches the server.")),
)]
pub(super) async fn remove_server_from_token(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request
        .admit(Operation::RemoveServerFromToken, target)
        .await?;
    let cause = request.cause()?;
    let token = request.path_id("token_id").ok_or(Code::TokenNotFound)?;
    request
        .app()
        .tokens
        .remove_server(&permit, token, cause)
        .await?;
    Ok(done(StatusCode::NO_CONTENT))
}

/// The answer that is kept for whoever sends the request again.
fn kept(token: &tokens::Token) -> Vec<u8> {
    // A body of strings always has a JSON form.
    serde_json::to_vec(&IssuedToken::new(token, None)).unwrap_or_default()
}

/// The answer that shows what was issued, now or before, and the token's id.
fn show(issued: Issued) -> Result<(TokenId, Answer), Problem> {
    match issued {
        Issued::Now(issued) => {
            let body = IssuedToken::new(&issued.token, Some(&issued.secret));
            Ok((issued.token.id, Answer::json(&body)?))
        }
        Issued::Before(kept) => {
            let id = kept_id(&kept).ok_or(Code::Internal)?;
            let replayed = HeaderValue::from_static("true");
            let answer = Answer::json_text(kept).with(IDEMPOTENT_REPLAYED, replayed);
            Ok((id, answer))
        }
    }
}
