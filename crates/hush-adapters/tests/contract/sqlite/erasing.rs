//! What a file keeps, and what is really gone from it.

use std::sync::Arc;

use hush_adapters::sqlite::Sqlite;
use hush_domain::audit::chain::{End, Link, Place};
use hush_domain::audit::{Act, Actor, Details, GivenReason, settings_updated};
use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::events::{Change, Event, Extent, ListedMember, PresenceChange, Snapshot};
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::{ChannelId, ServerId, TokenId, UserId};
use hush_domain::presence::Presence;
use hush_domain::secret::Secret;
use hush_domain::settings::ServerSettings;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NamedServers, NewToken, Token};
use hush_domain::users::{User, Username};
use hush_ports::contract::keyring;
use hush_ports::{AuditLog, Cutoffs, Feed, Samples, Tidied, Tokens, Upkeep};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::TestFile;

const USERNAME: &str = "somebody who goes";
const CHANNEL: &str = "the name of a channel";
const TOKEN_NAME: &str = "the name of a token";
const REASON: &str = "the words of a reason";

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(second * 1_000_000).unwrap()
}

fn server() -> ServerId {
    ServerId::try_from(7_u64).unwrap()
}

fn user() -> UserId {
    UserId::try_from(5_u64).unwrap()
}

pub(super) fn act() -> Act {
    Act {
        at: at(3),
        actor: Actor::Operator,
        request_id: None,
        reason: Some(GivenReason {
            text: REASON.parse().unwrap(),
            salt: [3; 16],
        }),
    }
}

/// A token of the user's, which is called `name`.
pub(super) fn token(id: u8, name: &str) -> NewToken {
    let secret = Secret::generate(&mut |bytes: &mut [u8]| {
        bytes.fill(id);
        Ok::<_, ()>(())
    });
    let secret = secret.unwrap();
    NewToken {
        token: Token {
            id: TokenId::try_from(u64::from(id)).unwrap(),
            user: user(),
            name: name.parse().unwrap(),
            hint: secret.hint(),
            servers: NamedServers::new(vec![server()]).unwrap(),
            scopes: [].into_iter().collect(),
            created_at: at(2),
            expires_at: None,
            revoked_at: None,
            parent: None,
            last_used_at: None,
        },
        digest: secret.digest(),
    }
}

fn member(id: UserId, name: &str) -> ListedMember {
    ListedMember {
        user: User {
            id,
            username: Username::new(name, None).unwrap(),
            bot: false,
        },
        roles: Vec::new(),
        presence: None,
    }
}

/// Begins the next epoch of the feed.
pub(super) async fn lead(store: &Sqlite) -> Epoch {
    let seen = store.lease().await.unwrap();
    Feed::take(store, seen).await.unwrap().unwrap()
}

/// A file in which the user is, with a token that was made for a reason. The feed follows the server.
pub(super) async fn filled() -> TestFile {
    let file = TestFile::new().await;
    let store = file.open().await;
    let epoch = lead(&store).await;
    let snapshot = Snapshot {
        server: server(),
        name: "seven".parse().unwrap(),
        owner: UserId::try_from(1_u64).unwrap(),
        roles: Vec::new(),
        channels: vec![Channel {
            id: ChannelId::try_from(8_u64).unwrap(),
            name: CHANNEL.parse().unwrap(),
            kind: ChannelKind(0),
            parent: None,
        }],
        extent: Extent::Complete,
        presences_known: true,
    };
    let members = vec![member(user(), USERNAME)].into_iter();
    store
        .ingest(epoch)
        .apply_snapshot(snapshot, Box::new(members), at(1))
        .await
        .unwrap();
    let only = Shard {
        number: 0,
        total: 1,
    };
    let sampled = Samples::take(&store, epoch, &[only], at(2)).await;
    assert_eq!(sampled.unwrap(), 1);
    store
        .create(token(9, TOKEN_NAME), None, &act(), None)
        .await
        .unwrap();
    store.close().await;
    file
}

async fn raw(file: &TestFile) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file.path());
    options.connect().await.unwrap()
}

/// Which of the things that people are called or wrote are anywhere in the file, or beside it.
fn left_of_them(file: &TestFile) -> Vec<&'static str> {
    left_of(file, &[USERNAME, CHANNEL, TOKEN_NAME, REASON])
}

/// Which of `texts` are anywhere in the file, or beside it.
fn left_of<'t>(file: &TestFile, texts: &[&'t str]) -> Vec<&'t str> {
    let folder = std::fs::read_dir(file.folder.path()).unwrap();
    let bytes: Vec<u8> = folder
        .flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let is_there = |text: &&str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    texts.iter().copied().filter(is_there).collect()
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_left_in_the_file() {
    let file = filled().await;
    assert_eq!(left_of_them(&file), [USERNAME, CHANNEL, TOKEN_NAME, REASON]);
    let store = file.open().await;
    let erased = store.erase_user(user(), &act()).await;
    assert_eq!(erased.unwrap().reasons, 2);
    store.close().await;
    assert_eq!(left_of_them(&file), [CHANNEL]);
}

/// Rows that grow and shrink are moved about, and what moves may leave itself behind.
#[tokio::test]
async fn nothing_of_those_who_left_is_in_the_file_that_the_feed_wrote() {
    let file = filled().await;
    let store = file.open().await;
    let ingest = store.ingest(lead(&store).await);
    let change = async |change| {
        let event = Event {
            server: server(),
            change,
        };
        ingest.apply(event, at(4)).await.unwrap();
    };
    let users = || (100..200_u64).map(|id| UserId::try_from(id).unwrap());
    for id in users() {
        let name = format!("a long name that was once theirs {}", id.get() % 7);
        change(Change::MemberJoined(member(id, &name))).await;
    }
    for presence in Presence::ALL {
        let shown = users().map(|user| PresenceChange {
            server: server(),
            user,
            presence,
            received_at: at(5),
        });
        ingest.apply_presences(shown.collect()).await.unwrap();
    }
    for id in users() {
        change(Change::MemberChanged(member(id, "briefly so"))).await;
        change(Change::MemberLeft(id)).await;
    }
    change(Change::ChannelDeleted(ChannelId::try_from(8_u64).unwrap())).await;
    store.close().await;
    let texts = ["a long name", "once theirs", "briefly so", CHANNEL];
    assert_eq!(left_of(&file, &texts), [""; 0]);
}

#[tokio::test]
async fn nothing_of_an_erased_server_is_left_in_the_file() {
    let file = filled().await;
    let store = file.open().await;
    store.erase_server(server()).await.unwrap();
    store.close().await;
    assert_eq!(left_of_them(&file), [""; 0]);
    let mut raw = raw(&file).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('_sqlx_migrations', 'feed_lease')",
    )
    .fetch_all(&mut raw)
    .await
    .unwrap();
    for table in tables {
        let rows = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(rows).fetch_one(&mut raw).await.unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[tokio::test]
async fn a_row_of_the_log_cannot_be_changed() {
    let file = filled().await;
    let before = file.open().await.rows(server(), 0, 10).await.unwrap();
    let changed = sqlx::query("UPDATE audit_rows SET action = 'token.revoked'")
        .execute(&mut raw(&file).await)
        .await;
    let error = changed.unwrap_err().to_string();
    assert!(error.contains("never changes"), "{error}");
    let after = file.open().await.rows(server(), 0, 10).await.unwrap();
    assert_eq!(after, before);
}

/// Writes a log with a row at each of `times`, as a store would have done then, and returns the rows' links.
async fn write_log(file: &TestFile, times: impl Iterator<Item = Timestamp>) -> Vec<Link> {
    let (keys, start) = (keyring(), Place::START);
    let mut connection = raw(file).await;
    let mut transaction = connection.begin().await.unwrap();
    let mut last = start;
    let mut links = Vec::new();
    for time in times {
        let act = Act {
            at: time,
            reason: None,
            ..act()
        };
        let settings = ServerSettings::default();
        let row = keys.append(last, &act, settings_updated(server(), &settings, &settings));
        last = row.place();
        links.push(row.link);
        let details = |of: &Option<Details>| of.as_ref().map(|it| it.as_str().to_owned());
        sqlx::query(
            "INSERT INTO audit_rows
                 (server_id, number, at, actor, action, before, after, key_id, link)
             VALUES (?1, ?2, ?3, 'operator', 'settings.updated', ?4, ?5, ?6, ?7)",
        )
        .bind(server().to_i64())
        .bind(i64::try_from(row.number).unwrap())
        .bind(time.unix_micros())
        .bind(details(&row.before))
        .bind(details(&row.after))
        .bind(row.key.unwrap().as_bytes().as_slice())
        .bind(row.link.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await
        .unwrap();
    }
    let seal = |end, place| keys.seal(end, server(), place).as_bytes().to_vec();
    sqlx::query("INSERT INTO audit_heads VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)")
        .bind(server().to_i64())
        .bind(i64::try_from(last.number).unwrap())
        .bind(last.link.as_bytes().as_slice())
        .bind(seal(End::Head, last))
        .bind(start.link.as_bytes().as_slice())
        .bind(seal(End::Checkpoint, start))
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    links
}

#[tokio::test]
async fn what_comes_to_its_end_goes_in_parts_that_are_all_of_it() {
    let file = TestFile::new().await;
    // The 2501st row was written later than those before it.
    let times = (1..=3000).map(|number| at(if number == 2501 { 9 } else { 1 }));
    let links = write_log(&file, times).await;
    sqlx::raw_sql(
        "INSERT INTO idempotency_records (token_id, route, key, fingerprint, answer, at)
         SELECT 1, 'r', number, zeroblob(32), x'', at FROM audit_rows",
    )
    .execute(&mut raw(&file).await)
    .await
    .unwrap();
    let store = Arc::new(file.open().await);
    let cutoff = at(9);
    let cutoffs = Cutoffs {
        tokens: cutoff,
        former_secrets: cutoff,
        idempotency: cutoff,
        usage: cutoff,
        audit: Some(cutoff),
        samples: cutoff,
        commands: cutoff,
        servers: cutoff,
    };
    let (one, other) = tokio::join!(store.tidy(cutoffs), store.tidy(cutoffs));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.idempotency + other.idempotency, 2999);
    assert_eq!(one.audit + other.audit, 2500);
    assert_eq!(store.tidy(cutoffs).await.unwrap(), Tidied::default());
    let [ends] = store.ends(None, 10).await.unwrap()[..] else {
        unreachable!("one server has a log");
    };
    assert_eq!((ends.checkpoint.number, ends.head.number), (2500, 3000));
    assert_eq!(ends.checkpoint.link, links[2499]);
    let rows = store.rows(server(), 0, 1000).await.unwrap();
    assert_eq!((rows.len(), rows[0].number), (500, 2501));
}

#[tokio::test]
async fn a_digest_that_a_former_secret_has_is_taken() {
    let file = filled().await;
    sqlx::raw_sql("INSERT INTO former_secrets SELECT zeroblob(32), id, 0 FROM tokens")
        .execute(&mut raw(&file).await)
        .await
        .unwrap();
    for taking in [
        "INSERT INTO tokens (id, digest, user_id, name, hint, scopes, created_at)
         VALUES (1, zeroblob(32), 1, 'n', 'h', '[]', 0)",
        "UPDATE tokens SET digest = zeroblob(32)",
    ] {
        let taken = sqlx::raw_sql(taking).execute(&mut raw(&file).await).await;
        let error = taken.unwrap_err().to_string();
        assert!(error.contains("former secret"), "{error}");
    }
}
