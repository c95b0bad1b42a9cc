mod retry;

use std::error::Error;
use std::time::Duration;

use hush_client::apis::Error::ResponseError;
use hush_client::apis::commands_api::{CreateCommandSuccess, create_command};
use hush_client::apis::configuration::Configuration;
use hush_client::apis::users_api::{GetUserSuccess, get_user};
use hush_client::models::{Code, CreateCommand, Problem, TimeoutCommand, timeout_command};
use retry::Retry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Without a time limit a client waits for ever.
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30));
    let hush = Configuration {
        base_path: std::env::var("HUSH_URL")?,
        bearer_access_token: Some(std::env::var("HUSH_TOKEN")?),
        client: reqwest_middleware::ClientBuilder::new(http.build()?)
            .with(Retry::default())
            .build(),
        ..Configuration::default()
    };

    match get_user(&hush, "123456", None, None, None).await {
        Ok(answer) => {
            if let Some(GetUserSuccess::Status200(user)) = answer.entity {
                println!("{} {:?}", user.username, user.roles);
            }
        }
        Err(error) => match problem(&error) {
            Some(problem) if problem.code == Code::UserNotFound => println!("nobody has this id"),
            _ => return Err(explained(&error).into()),
        },
    }

    let timeout_type = timeout_command::Type::Timeout;
    let command = CreateCommand::TimeoutCommand(TimeoutCommand {
        reason: Some("spam".into()),
        ..TimeoutCommand::new(60, timeout_type, "100010".into())
    });
    // One key for one intention: the same key is sent with each attempt, and the command is carried out once.
    let key = uuid::Uuid::new_v4().to_string();
    let sent = create_command(&hush, "123456", command, None, None, Some(&key)).await;
    let sent = sent.map_err(|error| explained(&error))?;
    // With `dry_run` the answer says only what would become of it.
    if let Some(CreateCommandSuccess::Status202(command)) = sent.entity {
        println!("the {} is {}", command.r#type, command.state);
    }
    Ok(())
}

/// The problem that the service answered with, if it was reached.
fn problem<E>(error: &hush_client::apis::Error<E>) -> Option<Problem> {
    match error {
        ResponseError(answer) => serde_json::from_str(&answer.content).ok(),
        _ => None,
    }
}

/// `code` is for programs and never changes; `detail` is for people, and says what to do.
fn explained<E>(error: &hush_client::apis::Error<E>) -> String {
    problem(error).map_or_else(
        || error.to_string(),
        |it| format!("{}: {} (request {})", it.code, it.detail, it.request_id),
    )
}
