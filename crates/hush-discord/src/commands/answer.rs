//! What is said to who asked.

use std::fmt;

use hush_app::{Denied, Failure, Quota};
use hush_domain::limits::Policy;
use hush_domain::permission::{AccessLevel, Refusal};
use hush_domain::scopes::Scope;
use hush_domain::stats::Stats;
use twilight_model::channel::message::{AllowedMentions, MessageFlags};
use twilight_model::http::interaction::{
    InteractionResponse, InteractionResponseData, InteractionResponseType,
};

use super::NotDone;
use super::ask::Mistake;
use super::markdown::{plain, relative};
use super::token_answers;

/// The longest word that an answer repeats of what somebody made up.
const MAX_WORD: usize = 64;

/// An answer, which may hold a new token's secret: it has no readable `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer(String);

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(…)")
    }
}

impl Answer {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, in Discord's Markdown: at most 2,000 characters.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The answer as Discord takes it: shown to nobody but who asked, and mentioning nobody. It holds what the answer
    /// holds, and its `Debug` is readable.
    pub fn response(&self) -> InteractionResponse {
        InteractionResponse {
            kind: InteractionResponseType::ChannelMessageWithSource,
            data: Some(InteractionResponseData {
                content: Some(self.0.clone()),
                flags: Some(MessageFlags::EPHEMERAL),
                allowed_mentions: Some(AllowedMentions::default()),
                ..InteractionResponseData::default()
            }),
        }
    }

    /// The counts of the server.
    pub(super) fn stats(stats: &Stats) -> Self {
        let Stats {
            members,
            bots,
            online,
            as_of,
        } = *stats;
        let said = |count: Option<u64>| {
            count.map_or_else(|| "*not known*".to_owned(), |it| format!("**{it}**"))
        };
        let hint = if [members, bots, online].contains(&None) {
            "\nWhat is not known may still be on its way from Discord, which takes some minutes in a large server. If it \
             stays so, the bot lacks a privileged intent, which its operator can switch on."
        } else {
            ""
        };
        Self(format!(
            "- Members, bots included: {}\n- Bots: {}\n- Online: {}\nThe newest change in it came {}.{hint}",
            said(members),
            said(bots),
            said(online),
            relative(as_of)
        ))
    }

    /// Why nothing was done, and what to do about it.
    pub(super) fn not_done(not_done: &NotDone, request_id: &str) -> Self {
        Self(match not_done {
            NotDone::Mistake(mistake) => of_mistake(mistake),
            NotDone::Denied(denied) => of_denied(denied, request_id),
            NotDone::Token(error) => {
                token_answers::of_error(error).map_or_else(|| broken(request_id), str::to_owned)
            }
        })
    }
}

fn of_mistake(mistake: &Mistake) -> String {
    match mistake {
        Mistake::OtherVersion => {
            "This form of the command is not known here. Reload Discord and try again; if that does not help, the bot's \
             operator can run `hush-server discord register-commands`."
                .to_owned()
        }
        Mistake::Name => {
            "The `name` must have 1 to 64 characters, none of them a control character.".to_owned()
        }
        Mistake::Scope(word) => {
            let word: String = word.chars().take(MAX_WORD).collect();
            format!(
                "There is no scope \"{}\". Put any of these into `scopes`, separated by spaces: {}.",
                plain(&word),
                all_scopes()
            )
        }
        Mistake::NoScope => format!(
            "`scopes` names none. Put any of these into it, separated by spaces, or leave it out: {}.",
            all_scopes()
        ),
        Mistake::Expires => {
            "Choose one of the times that Discord offers for `expires`, or leave it out.".to_owned()
        }
        Mistake::PastedSecret => {
            "That is the secret of a token, which belongs into no chat. Name the token by its name or id, which \
             `/api token list` shows."
                .to_owned()
        }
    }
}

fn all_scopes() -> String {
    Scope::ALL.map(|scope| format!("`{scope}`")).join(" ")
}

fn of_denied(denied: &Denied, request_id: &str) -> String {
    match denied {
        Denied::ServerNotFound => {
            "The API is not there for you in this server. If the bot has only just come, or you have, wait a minute and \
             try again. Otherwise the server's owner may have switched it off."
                .to_owned()
        }
        Denied::Insufficient(Refusal::InsufficientAccess { required, .. }) => {
            let cure = match required {
                AccessLevel::ServerOwner => "Ask the owner of this server.",
                AccessLevel::Admin | AccessLevel::Member => {
                    "Ask its owner for a role with the permission Administrator, or to make one of your roles an admin \
                     of the API."
                }
            };
            format!("This is for the server's {}. {cure}", who(*required))
        }
        Denied::RateLimited(quota) => too_often(quota),
        Denied::Failed(Failure::Unavailable(_)) => token_answers::UNAVAILABLE.to_owned(),
        // What a token can lack, nobody lacks who is there in person.
        _ => broken(request_id),
    }
}

fn who(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::Member => "members",
        AccessLevel::Admin => "admins and its owner",
        AccessLevel::ServerOwner => "owner",
    }
}

fn too_often(quota: &Quota) -> String {
    let what = match quota.bucket.policy() {
        Policy::Server => "The limit of requests that this server has is used up",
        Policy::Token | Policy::Auth | Policy::User => "You have asked too often",
    };
    let (requests, seconds) = (quota.rule.requests(), quota.rule.window().as_secs());
    let wait = quota.more_in_seconds;
    format!("{what}: {requests} in {seconds} seconds. Try again in {wait} seconds.")
}

fn broken(request_id: &str) -> String {
    format!("Something is broken on our side. Tell the bot's operator this id: `{request_id}`")
}
