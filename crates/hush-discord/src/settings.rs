//! How the bot connects.

use std::fmt;
use std::time::Duration;

use hush_domain::ids::UserId;
use twilight_http::Client;

/// The token of the bot, with which anybody could act as it.
#[derive(Clone)]
pub struct BotToken(String);

/// The text cannot be a bot's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a bot's token: copy it from the page Bot of your application in Discord's developer portal"
)]
pub struct InvalidBotToken;

impl BotToken {
    /// The token as Discord's developer portal shows it, with or without `Bot ` before it.
    pub fn new(text: &str) -> Result<Self, InvalidBotToken> {
        let token = text.trim();
        let token = token.strip_prefix("Bot ").unwrap_or(token).trim_start();
        // It goes into a header: whatever else it is, it is visible ASCII.
        let visible =
            !["", "Bot"].contains(&token) && token.bytes().all(|byte| byte.is_ascii_graphic());
        visible
            .then(|| Self(token.to_owned()))
            .ok_or(InvalidBotToken)
    }

    /// The bot's user, whose id is what stands before the first dot of a token, in base64. `None` if it does not.
    pub fn user(&self) -> Option<UserId> {
        let (name, _) = self.0.split_once('.')?;
        let (mut id, mut bits, mut left) = (String::new(), 0_u32, 0_u32);
        for letter in name.bytes() {
            bits = (bits << 6) | six_bits(letter)?;
            left += 6;
            if left >= 8 {
                left -= 8;
                id.push(char::from_u32(bits >> left)?);
                bits &= (1 << left) - 1;
            }
        }
        (bits == 0 && left < 6).then_some(id)?.parse().ok()
    }

    pub(crate) fn secret(&self) -> String {
        self.0.clone()
    }
}

/// What a letter of base64 stands for. Digits need none of those in which its alphabets differ.
fn six_bits(letter: u8) -> Option<u32> {
    let bits = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        _ => return None,
    };
    Some(bits.into())
}

impl fmt::Debug for BotToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BotToken(…)")
    }
}

/// Which of Discord's privileged intents the bot has. They are switched on in the developer portal, and what cannot be
/// heard without them is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Privileged {
    /// Who is in a server, with which roles.
    pub members: bool,
    /// Who is online.
    pub presences: bool,
}

/// How often the counts of servers are looked at: often enough to see an evening's peak, seldom enough to cost nothing.
pub const SAMPLE_EVERY: Duration = Duration::from_mins(5);

/// How the bot connects to Discord.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bot's token.
    pub token: BotToken,
    /// Where the REST API is, without `/api`: `http://HOST:PORT` for a proxy. `None`: Discord itself.
    pub api: Option<Proxy>,
    /// The privileged intents.
    pub privileged: Privileged,
    /// How often the counts are looked at for the hourly samples: [`SAMPLE_EVERY`].
    pub sample_every: Duration,
    /// Whether no other process can follow Discord into the same store, so that nobody need be waited for.
    pub alone: bool,
}

impl Settings {
    /// Discord's REST API for the bot.
    pub fn client(&self) -> Client {
        choose_encryption();
        let client = Client::builder().token(format!("Bot {}", self.token.secret()));
        let client = match &self.api {
            Some(proxy) => client.proxy(proxy.authority(), true),
            None => client,
        };
        client.build()
    }
}

/// Of the ways to encrypt that are in this binary one has to be chosen. Whoever chose before has chosen for us too.
pub(crate) fn choose_encryption() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A proxy before Discord's REST API, which speaks HTTP without TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy(String);

/// The text is no proxy's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a proxy's address: expected http://HOST:PORT")]
pub struct InvalidProxy;

impl std::str::FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let place = text.strip_prefix("http://").ok_or(InvalidProxy)?;
        let place = place.strip_suffix('/').unwrap_or(place);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        let valid = !place.is_empty() && place.bytes().all(plain);
        valid.then(|| Self(place.to_owned())).ok_or(InvalidProxy)
    }
}

impl Proxy {
    /// `HOST:PORT`.
    pub(crate) fn authority(&self) -> String {
        self.0.clone()
    }
}
