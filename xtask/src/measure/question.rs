//! What is asked: for each kind of answer the requests that bring it about.

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use super::connection::{Answer, Connection};
use super::fixture::{Key, Service};

/// More than a server may ask in a window with the default settings.
const ENOUGH_TO_BE_LIMITED: usize = 61;

/// A kind of answer.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A user, as the contract's example.
    Found,
    /// A token with one character wrong.
    WrongToken,
    /// The same user to a client that has the newest answer.
    NotModified,
    /// A server that has used up its limit.
    Limited,
}

/// Every kind, those that a server's limit counts apart from each other: 50,000 servers may ask 3,000,000 times a
/// minute, and a fast service comes near that.
pub(super) const KINDS: [Kind; 4] = [
    Kind::Found,
    Kind::WrongToken,
    Kind::NotModified,
    Kind::Limited,
];

/// The requests of every kind, each for its own server.
pub(super) struct Questions {
    found: Arc<[Vec<u8>]>,
    wrong_token: Arc<[Vec<u8>]>,
    not_modified: Arc<[Vec<u8>]>,
    to_be_limited: VecDeque<Vec<u8>>,
}

/// What the limit is asked; it gives the same answer to whatever it is asked.
pub(super) fn to_the_limit() -> Vec<u8> {
    request("1", "hush_", "")
}

impl Kind {
    /// The status of every such answer.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Found => 200,
            Self::NotModified => 304,
            Self::WrongToken => 401,
            Self::Limited => 429,
        }
    }
}

impl Questions {
    /// Asks for every server's user once, which shows that the data are there, and keeps the answers' entity tags.
    pub(super) async fn ask_all_once(service: &Service) -> Result<Self> {
        let mut connection = Connection::open(service.process().address()).await?;
        let found: Arc<[_]> = service.varying().iter().map(plain).collect();
        let mut not_modified = Vec::with_capacity(found.len());
        for (key, request) in service.varying().iter().zip(found.iter()) {
            let answer = connection.ask(request).await?.to_owned();
            ensure!(
                answer.status == 200,
                "a user of the fixture is not found: {answer:?}"
            );
            let tag = answer
                .header("etag")
                .context("a user without an entity tag")?;
            let condition = format!("If-None-Match: {tag}\r\n");
            not_modified.push(self::request(&key.user, &key.secret, &condition));
        }
        Ok(Self {
            found,
            wrong_token: service.varying().iter().map(with_wrong_token).collect(),
            not_modified: not_modified.into(),
            to_be_limited: service.reserved().iter().map(plain).collect(),
        })
    }

    /// The requests of a round.
    pub(super) async fn of(
        &mut self,
        kind: Kind,
        connection: &mut Connection,
    ) -> Result<Arc<[Vec<u8>]>> {
        Ok(match kind {
            Kind::Found => self.found.clone(),
            Kind::WrongToken => self.wrong_token.clone(),
            Kind::NotModified => self.not_modified.clone(),
            // A fresh server for each round: what it used up does not come back while the round lasts.
            Kind::Limited => [self.use_up_a_limit(connection).await?].into(),
        })
    }

    /// One such answer.
    pub(super) async fn example(
        &mut self,
        kind: Kind,
        connection: &mut Connection,
    ) -> Result<Answer> {
        let requests = self.of(kind, connection).await?;
        let answer = connection.ask(&requests[0]).await?.to_owned();
        ensure!(
            answer.status == kind.status(),
            "not the kind of answer wanted: {answer:?}"
        );
        Ok(answer)
    }

    async fn use_up_a_limit(&mut self, connection: &mut Connection) -> Result<Vec<u8>> {
        let request = self
            .to_be_limited
            .pop_front()
            .context("too few servers to be limited")?;
        for _ in 0..ENOUGH_TO_BE_LIMITED {
            connection.ask(&request).await?;
        }
        Ok(request)
    }
}

fn plain(key: &Key) -> Vec<u8> {
    request(&key.user, &key.secret, "")
}

fn with_wrong_token(key: &Key) -> Vec<u8> {
    let wrong = if key.secret.ends_with('0') { '1' } else { '0' };
    let kept = &key.secret[..key.secret.len() - 1];
    request(&key.user, &format!("{kept}{wrong}"), "")
}

fn request(user: &str, secret: &str, further: &str) -> Vec<u8> {
    format!(
        "GET /v1/users/{user} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nAuthorization: Bearer {secret}\r\n{further}\r\n"
    )
    .into_bytes()
}
