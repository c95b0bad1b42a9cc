//! Proves that the client that openapi-generator makes of the document understands the live service.
//!
//! It takes the address and a server owner's token from the environment, says one line for each thing that it understood,
//! and ends with 1 at the first one that is not as the document says.

mod retry;
mod watched;

use std::fmt::Debug;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hush_client::apis::commands_api::{CreateCommandSuccess, GetCommandSuccess};
use hush_client::apis::configuration::Configuration;
use hush_client::apis::me_api::{GetMeError, GetMeSuccess};
use hush_client::apis::servers_api::GetServerStatsSuccess;
use hush_client::apis::tokens_api::CreateTokenSuccess;
use hush_client::apis::users_api::GetUserSuccess;
use hush_client::apis::{
    Error, ResponseContent, commands_api, me_api, servers_api, tokens_api, users_api,
};
use hush_client::models::{
    Code, CommandState, CommandType, CreateCommand, CreateToken, IssuedToken, Me, Problem, Scope,
    ServerStats, TimeoutCommand, timeout_command,
};
use reqwest_middleware::ClientBuilder;
use uuid::Uuid;

use retry::Retry;
use watched::Watched;

/// What is wrong, if something is not as the document says.
type Checked<T = ()> = Result<T, String>;

fn setting(name: &str, default: Option<&str>) -> Checked<String> {
    let given = std::env::var(name).ok().filter(|value| !value.is_empty());
    given
        .or(default.map(str::to_owned))
        .ok_or_else(|| format!("set {name}"))
}

fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Checked {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what} is {found:?}, and should be {expected:?}"))
}

fn say(what: &str) {
    println!("rust: {what}");
}

/// What the service answered, if it did as asked.
fn answer<T, E>(result: Result<ResponseContent<T>, Error<E>>) -> Checked<ResponseContent<T>> {
    result.map_err(|error| match error {
        Error::ResponseError(refusal) => format!("there is a problem: {}", refusal.content),
        other => format!("there is no answer: {other}"),
    })
}

/// The problem of an answer that is an error. The generated type has one name for it with each status, of which it
/// always takes the first.
fn problem<T, E>(result: Result<ResponseContent<T>, Error<E>>) -> Checked<(u16, Problem)> {
    match result {
        Ok(_) => Err("there is an answer where a problem was expected".into()),
        Err(Error::ResponseError(refusal)) => {
            let problem = serde_json::from_str(&refusal.content);
            let problem = problem.map_err(|error| format!("no problem: {error}"))?;
            Ok((refusal.status.as_u16(), problem))
        }
        Err(other) => Err(format!("there is no answer: {other}")),
    }
}

/// A client without retries.
fn plain(token: &str) -> Checked<Configuration> {
    client(token, |client| client)
}

/// A client with what stands between the generated functions and HTTP.
fn client(
    token: &str,
    layers: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Checked<Configuration> {
    // The service is on this machine, whatever proxy leads out of it.
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30));
    let http = http.build().map_err(|error| error.to_string())?;
    Ok(Configuration {
        base_path: setting("HUSH_URL", None)?,
        bearer_access_token: Some(token.to_owned()),
        client: layers(ClientBuilder::new(http)).build(),
        ..Configuration::default()
    })
}

async fn reads(hush: &Configuration) -> Checked {
    let user_id = setting("HUSH_USER_ID", Some("123456"))?;
    let found = answer(users_api::get_user(hush, &user_id, None, None, None).await)?;
    let Some(GetUserSuccess::Status200(user)) = found.entity else {
        return Err("the user was not understood".into());
    };
    same("the id", &user.id, &user_id)?;
    if user.username.is_empty() || user.roles.is_empty() {
        return Err("the user has neither name nor roles".into());
    }
    let roles = user.roles.join(", ");
    say(&format!("200 user {} {} [{roles}]", user.id, user.username));

    let server_id = setting("HUSH_SERVER_ID", Some("123456"))?;
    let found = answer(servers_api::get_server_stats(hush, &server_id, None).await)?;
    let Some(GetServerStatsSuccess::Status200(stats)) = found.entity else {
        return Err("the stats were not understood".into());
    };
    let members: Option<i64> = stats.members;
    let nothing = r#"{"members": null, "bots": null, "online": null}"#;
    let nothing: ServerStats = serde_json::from_str(nothing).map_err(|error| error.to_string())?;
    same("a number that is not known", nothing.members, None)?;
    say(&format!(
        "200 stats of {members:?} members, and None where a number is not known"
    ));

    let nobody = users_api::get_user(hush, "999", None, None, None).await;
    let (status, problem) = problem(nobody)?;
    same("the status", (status, problem.status), (404, 404))?;
    same("the code", problem.code, Code::UserNotFound)?;
    same("no request id", problem.request_id.is_empty(), false)?;
    say(&format!("404 problem {}: {}", problem.code, problem.title));
    Ok(())
}

async fn commands(hush: &Configuration) -> Checked {
    let server_id = setting("HUSH_SERVER_ID", Some("123456"))?;
    let target_id = setting("HUSH_TARGET_ID", Some("100010"))?;
    let timeout = TimeoutCommand {
        reason: Some("the check of the Rust client".into()),
        ..TimeoutCommand::new(60, timeout_command::Type::Timeout, target_id)
    };
    let body = CreateCommand::TimeoutCommand(timeout);
    let dry = Some(true);
    let tried = commands_api::create_command(hush, &server_id, body.clone(), dry, None, None).await;
    let Some(CreateCommandSuccess::Status200(trial)) = answer(tried)?.entity else {
        return Err("the dry run was not understood".into());
    };
    same("allowed", trial.allowed, true)?;
    same("the rule", trial.rule, None)?;
    say(&format!("200 dry run of a {}: allowed", trial.r#type));

    let key = Uuid::new_v4().to_string();
    let sent = commands_api::create_command(hush, &server_id, body, None, None, Some(&key)).await;
    let sent = answer(sent)?;
    same("the status", sent.status.as_u16(), 202)?;
    let Some(CreateCommandSuccess::Status202(command)) = sent.entity else {
        return Err("the command was not understood".into());
    };
    let done = commands_api::get_command(hush, &server_id, &command.id, Some(10), None).await;
    let Some(GetCommandSuccess::Status200(done)) = answer(done)?.entity else {
        return Err("what became of the command was not understood".into());
    };
    same("the type", done.r#type, CommandType::Timeout)?;
    same("the state", done.state, CommandState::Succeeded)?;
    same("the failure", done.failure, None)?;
    same("the length", done.parameters.duration_seconds, Some(60))?;
    say(&format!("202 command {}: {}", done.r#type, done.state));
    Ok(())
}

fn new_token(name: String) -> Checked<CreateToken> {
    let server_ids = vec![setting("HUSH_SERVER_ID", Some("123456"))?];
    let scopes = vec![Scope::UsersRead, Scope::TokensWrite];
    Ok(CreateToken {
        expires_in_seconds: Some(3600),
        ..CreateToken::new(name, scopes, server_ids)
    })
}

/// A token whose own limit, that of `/v1/me`, can be spent without holding up anybody else.
async fn own_token(hush: &Configuration) -> Checked<IssuedToken> {
    let body = new_token(format!("rust {}", Uuid::new_v4()))?;
    let key = Uuid::new_v4().to_string();
    let made = answer(tokens_api::create_token(hush, body.clone(), None, Some(&key)).await)?;
    same("the status", made.status.as_u16(), 201)?;
    let Some(CreateTokenSuccess::Status201(token)) = made.entity else {
        return Err("the new token was not understood".into());
    };
    same("the scopes", &token.scopes, &body.scopes)?;
    same("revoked_at", token.revoked_at, None)?;
    let scopes = token.scopes.iter().map(Scope::to_string);
    let scopes = scopes.collect::<Vec<_>>().join(" and ");
    let end = token.expires_at.ok_or("the new token has no end")?;
    say(&format!("201 token with the scopes {scopes}, until {end}"));
    Ok(token)
}

type Asked = Result<ResponseContent<GetMeSuccess>, Error<GetMeError>>;

async fn me(hush: &Configuration) -> Asked {
    me_api::get_me(hush, None).await
}

/// A helper that keeps how long it was asked to wait, and does not wait.
fn impatient() -> (Arc<Mutex<Vec<u64>>>, Retry) {
    let waits = Arc::<Mutex<Vec<u64>>>::default();
    let kept = Arc::clone(&waits);
    let retry = Retry {
        sleep: Box::new(move |wait| {
            watched::locked(&kept).push(wait.as_secs());
            Box::pin(std::future::ready(()))
        }),
        ..Retry::default()
    };
    (waits, retry)
}

async fn limits(secret: &str) -> Checked {
    let watch = Watched::default();
    let hush = client(secret, |client| client.with(watch.clone()))?;
    let mut refused = me(&hush).await;
    for _ in 0..60 {
        if refused.is_err() {
            break;
        }
        refused = me(&hush).await;
    }
    let (status, limited) = problem(refused)?;
    same("the status", (status, limited.status), (429, 429))?;
    same("the code", limited.code, Code::RateLimited)?;
    let header = watch.waits().last().copied();
    let header = header.ok_or("no Retry-After")?;
    same("retry_after", limited.retry_after, header.try_into().ok())?;
    same("Retry-After in a minute", (1..=60).contains(&header), true)?;
    say(&format!(
        "429 problem {}, Retry-After {header}",
        limited.code
    ));

    // The service goes on refusing, since nobody really waits: two waits, three answers, and the last one is given back.
    let watch = Watched::default();
    let (waits, retry) = impatient();
    let patient = client(secret, |client| client.with(retry).with(watch.clone()))?;
    let (_, given) = problem(me(&patient).await)?;
    same("the last answer", given.code, Code::RateLimited)?;
    same("the answers", watch.statuses(), vec![429, 429, 429])?;
    let waited = watched::locked(&waits).clone();
    same("the waits", &waited[..], &watch.waits()[..2])?;
    let [first, second] = waited[..] else {
        return Err(format!("the waits were {waited:?}"));
    };
    say(&format!(
        "the helper asked to wait {first} and {second} s, then gave the answer back"
    ));

    watch.forget();
    watched::locked(&waits).clear();
    let body = new_token("never made".into())?;
    let once = tokens_api::create_token(&patient, body.clone(), None, None).await;
    same("the code", problem(once)?.1.code, Code::RateLimited)?;
    same(
        "a POST without Idempotency-Key",
        watch.statuses(),
        vec![429],
    )?;
    same("its waits", watched::locked(&waits).len(), 0)?;
    watch.forget();
    let often = tokens_api::create_token(&patient, body, None, Some("a key")).await;
    same("the code", problem(often)?.1.code, Code::RateLimited)?;
    let statuses = watch.statuses();
    same("a POST with Idempotency-Key", statuses, vec![429, 429, 429])?;
    say("the helper repeats a POST with Idempotency-Key, and none without");
    Ok(())
}

/// Asks with a helper, where the service first answers 503 with this `Retry-After`.
async fn after(token: &str, seconds: &str) -> Checked<(Asked, Vec<u16>, Vec<u64>)> {
    let watch = Watched::after_503(seconds);
    let (waits, retry) = impatient();
    let hush = client(token, |client| client.with(retry).with(watch.clone()))?;
    let answer = me(&hush).await;
    let waits = watched::locked(&waits).clone();
    Ok((answer, watch.statuses(), waits))
}

async fn recovers(token: &str) -> Checked {
    let (found, statuses, waits) = after(token, "7").await?;
    let Some(GetMeSuccess::Status200(Me { servers, .. })) = answer(found)?.entity else {
        return Err("the answer after the wait was not understood".into());
    };
    same("the answers", statuses, vec![503, 200])?;
    same("the waits", waits, vec![7])?;
    say(&format!(
        "200 after a wait of 7 s: {} server",
        servers.len()
    ));

    // A wait that is too long, or that is no number, is for the caller to decide about.
    for seconds in ["121", "Thu, 26 Nov 2026 04:22:53 GMT"] {
        let (_, statuses, waits) = after(token, seconds).await?;
        same(seconds, (statuses, waits), (vec![503], vec![]))?;
    }
    Ok(())
}

async fn check() -> Checked {
    let token = setting("HUSH_TOKEN", None)?;
    let hush = plain(&token)?;
    reads(&hush).await?;
    commands(&hush).await?;
    let own = own_token(&hush).await?;
    limits(&own.secret.ok_or("the new token has no secret")?).await?;
    recovers(&token).await?;
    let gone = answer(tokens_api::revoke_token(&hush, &own.id, None).await)?;
    same("the status", gone.status.as_u16(), 204)?;
    say("204 the token is revoked");
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match check().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("rust: {why}");
            ExitCode::FAILURE
        }
    }
}
