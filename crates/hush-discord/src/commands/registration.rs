//! Making the command known to Discord.

use twilight_http::Client;
use twilight_http::error::ErrorType;
use twilight_http::request::Request;
use twilight_http::response::StatusCode;
use twilight_http::response::marker::EmptyBody;
use twilight_http::routing::Route;

use super::definition::definition;

/// What became of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// Discord did not know it before.
    New,
    /// It stands in the place of the one before.
    Renewed,
}

/// Why the command was not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Discord does not know the bot's token.
    #[error(
        "Discord does not know the bot's token: copy it anew from the page Bot of your application in Discord's developer portal"
    )]
    UnknownToken,
    /// Discord did not do it.
    #[error("Discord did not register the command: {0}")]
    Refused(#[source] twilight_http::Error),
    /// Discord answered something else than it should.
    #[error("Discord's answer cannot be read: {0}")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<twilight_http::Error> for RegisterError {
    fn from(error: twilight_http::Error) -> Self {
        let unknown = match error.kind() {
            ErrorType::Unauthorized => true,
            ErrorType::Response { status, .. } => *status == StatusCode::UNAUTHORIZED,
            _ => false,
        };
        if unknown {
            Self::UnknownToken
        } else {
            Self::Refused(error)
        }
    }
}

/// Registers the command for the application of the bot whose token `client` has. Whatever other commands the
/// application has stay as they are: this asks for the one by its name, and never to replace the list.
pub async fn register(client: &Client) -> Result<Registered, RegisterError> {
    let application = client.current_user_application().await?.model().await;
    let application = application.map_err(|error| RegisterError::Unreadable(error.into()))?;
    let route = Route::CreateGlobalCommand {
        application_id: application.id.get(),
    };
    let request = Request::builder(&route).json(&definition()).build()?;
    let answer = client.request::<EmptyBody>(request).await?;
    Ok(match answer.status() {
        StatusCode::CREATED => Registered::New,
        _ => Registered::Renewed,
    })
}
