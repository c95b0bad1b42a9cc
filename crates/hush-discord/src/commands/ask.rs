//! What somebody asks for with the command.

use hush_app::{CreateInPerson, Lifetime};
use hush_domain::operations::Operation;
use hush_domain::scopes::{Scope, Scopes};
use hush_domain::secret::Secret;

use super::definition::{LIFETIMES, days};
use super::interaction::Given;

/// What a token may be used for if nobody says: to read what there is to read of a server.
const USUAL: [Scope; 2] = [Scope::UsersRead, Scope::StatsRead];

/// What is to be done, as far as its path says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Create,
    List,
    Revoke,
    Stats,
}

/// What is wrong with what was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mistake {
    /// It is not of the shape of the command that is known here: Discord has another version of it.
    OtherVersion,
    /// The name cannot be one.
    Name,
    /// This is no scope.
    Scope(String),
    /// No scope was named.
    NoScope,
    /// Not one of the choices.
    Expires,
    /// A token's secret, where its name or id was asked for.
    PastedSecret,
}

impl Asked {
    /// What the options ask for, and the values given for it.
    pub(super) fn read(options: &[Given]) -> Result<(Self, &[Given]), Mistake> {
        let [first] = options else {
            return Err(Mistake::OtherVersion);
        };
        match (first.name.as_str(), &first.options[..]) {
            ("stats", values) => Ok((Self::Stats, values)),
            ("token", [sub]) => {
                let asked = match sub.name.as_str() {
                    "create" => Self::Create,
                    "list" => Self::List,
                    "revoke" => Self::Revoke,
                    _ => return Err(Mistake::OtherVersion),
                };
                Ok((asked, &sub.options))
            }
            _ => Err(Mistake::OtherVersion),
        }
    }

    /// The operation that it is, as the table knows it.
    pub(super) fn operation(self) -> Operation {
        match self {
            Self::Create => Operation::CreateToken,
            Self::List => Operation::ListTokens,
            Self::Revoke => Operation::RevokeToken,
            Self::Stats => Operation::GetServerStats,
        }
    }
}

/// The token that these values ask for.
pub(super) fn wanted(values: &[Given]) -> Result<CreateInPerson, Mistake> {
    let name = text(values, "name")?.unwrap_or_default().trim();
    Ok(CreateInPerson {
        name: name.parse().map_err(|_| Mistake::Name)?,
        scopes: match text(values, "scopes")? {
            Some(scopes) => read_scopes(scopes)?,
            None => USUAL.into_iter().collect(),
        },
        lifetime: match text(values, "expires")? {
            Some(value) => read_lifetime(value)?,
            None => Lifetime::Default,
        },
    })
}

/// The id or name of the token that these values name.
pub(super) fn named(values: &[Given]) -> Result<&str, Mistake> {
    let named = text(values, "token")?.unwrap_or_default().trim();
    match named.parse::<Secret>() {
        Ok(_) => Err(Mistake::PastedSecret),
        Err(_) => Ok(named),
    }
}

fn read_scopes(text: &str) -> Result<Scopes, Mistake> {
    let mut words = text
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .peekable();
    if words.peek().is_none() {
        return Err(Mistake::NoScope);
    }
    words
        .map(|word| word.parse().map_err(|_| Mistake::Scope(word.to_owned())))
        .collect()
}

fn read_lifetime(value: &str) -> Result<Lifetime, Mistake> {
    let mut lifetimes = LIFETIMES.into_iter();
    lifetimes
        .find(|(other, _, _)| *other == value)
        .map(|(_, _, length)| Lifetime::For(days(length)))
        .ok_or(Mistake::Expires)
}

/// The text that was given for `name`, if one was.
fn text<'a>(values: &'a [Given], name: &str) -> Result<Option<&'a str>, Mistake> {
    match values.iter().find(|given| given.name == name) {
        Some(given) => given.value.as_str().map(Some).ok_or(Mistake::OtherVersion),
        None => Ok(None),
    }
}
