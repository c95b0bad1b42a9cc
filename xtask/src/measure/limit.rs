//! The limit: a bare axum router that answers what the service answered, and does nothing else.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use clap::Args;
use serde_json::{Value, json};

use super::connection::Answer;
use super::process::{Process, free_address, on_core};

/// What to answer, and where.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// The answer, as JSON.
    #[arg(long)]
    answer: PathBuf,
}

struct Given {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Starts a process that gives this answer to whoever asks for a user.
pub(super) fn start(answer: &Answer, core: Option<usize>) -> Result<Process> {
    let file = tempfile::NamedTempFile::new()?;
    let text = json!({"status": answer.status, "headers": answer.headers, "body": answer.body});
    fs::write(file.path(), text.to_string())?;
    let address = free_address()?;
    let mut limit = on_core(core, &std::env::current_exe()?);
    limit.arg("limit").arg("--answer").arg(file.path());
    // Once it listens, it has read the file.
    Process::start(limit.arg("--listen").arg(address.to_string()), address)
}

/// Answers until it is killed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let given = Arc::new(read(&arguments.answer)?);
    let router = Router::new()
        .route("/v1/users/{id}", get(give))
        .with_state(given);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
        Ok(axum::serve(listener, router).await?)
    })
}

async fn give(State(given): State<Arc<Given>>) -> Response {
    let mut response = Response::new(Body::from(given.body.clone()));
    *response.status_mut() = given.status;
    *response.headers_mut() = given.headers.clone();
    response
}

fn read(file: &PathBuf) -> Result<Given> {
    let answer: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut headers = HeaderMap::new();
    for header in answer["headers"].as_array().context("no headers")? {
        let name: HeaderName = text(&header[0]).parse()?;
        let value: HeaderValue = text(&header[1]).parse()?;
        headers.append(name, value);
    }
    let status = answer["status"].as_u64().context("no status")?;
    Ok(Given {
        status: StatusCode::from_u16(status.try_into()?)?,
        headers,
        body: Bytes::from(text(&answer["body"])),
    })
}
