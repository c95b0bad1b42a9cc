//! What is removed in time, by any number of processes, and beside older ones.

use hush_adapters::postgres::Postgres;
use hush_domain::audit::chain::{End, Link, Place};
use hush_domain::audit::{Act, GivenReason, settings_updated};
use hush_domain::events::{Change, Event};
use hush_domain::settings::ServerSettings;
use hush_domain::time::Timestamp;
use hush_ports::contract::keyring;
use hush_ports::{Addressed, AuditLog, Cutoffs, Ingest, StatsReader, Tidied, Tokens, Upkeep};
use sqlx::{Executor, PgConnection};
use tokio::task::JoinSet;

use super::database::TestDatabase;
use super::examples::{act, at, server, store, token};

/// Processes that tidy at once remove together what one would have: no row is counted twice, none stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_tidy_at_once_remove_everything_once() {
    let database = TestDatabase::create().await;
    let processes = [database.connect().await, database.connect().await];
    let mut around = database.connection().await;
    around.execute(ENDED).await.unwrap();
    given_log(&mut around).await;
    let mut tidying = JoinSet::new();
    for process in processes.iter().cycle().take(4) {
        let process = process.clone();
        tidying.spawn(async move { process.tidy(everything_before(at(1000))).await.unwrap() });
    }
    let mut all = Tidied::default();
    for tidied in tidying.join_all().await {
        all.tokens += tidied.tokens;
        all.former_secrets += tidied.former_secrets;
        all.idempotency += tidied.idempotency;
        all.usage += tidied.usage;
        all.audit += tidied.audit;
        all.samples += tidied.samples;
        all.commands += tidied.commands;
        all.servers += tidied.servers;
    }
    let due = Tidied {
        tokens: 2500,
        former_secrets: 2500,
        idempotency: 2500,
        usage: 2500,
        audit: 2500,
        samples: 2500,
        commands: 2500,
        servers: 20,
    };
    assert_eq!(all, due);
    let owners: i64 = sqlx::query_scalar("SELECT count(*) FROM token_owners")
        .fetch_one(&mut around)
        .await
        .unwrap();
    assert_eq!(owners, 1);
    let reasons: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_reasons")
        .fetch_one(&mut around)
        .await
        .unwrap();
    assert_eq!(reasons, 1);
    let ends = processes[0].ends(None, 10).await.unwrap();
    let ends: Vec<_> = ends
        .iter()
        .map(|ends| (ends.checkpoint.number, ends.head.number))
        .collect();
    assert_eq!(ends, [(2500, 2501)]);
}

/// A row that somebody has locked is not waited for.
#[tokio::test]
async fn what_somebody_has_locked_is_left_to_them() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    let mut around = database.connection().await;
    around.execute(ENDED).await.unwrap();
    around
        .execute(
            "BEGIN;
             SELECT FROM tokens WHERE id = 7 FOR NO KEY UPDATE;
             SELECT FROM idempotency_records WHERE token_id = 7 FOR UPDATE",
        )
        .await
        .unwrap();
    let tidied = postgres.tidy(everything_before(at(1000))).await.unwrap();
    assert_eq!((tidied.tokens, tidied.idempotency), (2499, 2499));
    around.execute("ROLLBACK").await.unwrap();
    let tidied = postgres.tidy(everything_before(at(1000))).await.unwrap();
    assert_eq!((tidied.tokens, tidied.idempotency), (1, 1));
}

/// A version before this one brings a server back without noting that it is. It stays, however long it was gone.
#[tokio::test]
async fn a_server_that_an_older_version_brought_back_stays() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    store(&postgres, 5, Vec::new()).await;
    let event = Event {
        server: server(5),
        change: Change::ServerRemoved,
    };
    postgres.apply(event, at(1)).await.unwrap();
    let mut around = database.connection().await;
    around
        .execute(
            "INSERT INTO servers (id, name, owner_id, presences_known, listed, bots, online, as_of)
             VALUES (5, 'Server', 1, true, 0, 0, 0, now())",
        )
        .await
        .unwrap();
    let tidied = postgres.tidy(everything_before(at(1000))).await.unwrap();
    assert_eq!(tidied.servers, 0);
    assert!(postgres.server_stats(server(5)).await.unwrap().is_some());
    let noted: i64 = sqlx::query_scalar("SELECT count(*) FROM departed_servers")
        .fetch_one(&mut around)
        .await
        .unwrap();
    assert_eq!(noted, 0);
}

/// A version before this one makes tokens without what is new, and they are tokens like any other.
#[tokio::test]
async fn a_token_that_an_older_version_made_is_one_like_any_other() {
    let database = TestDatabase::create().await;
    let postgres: Postgres = database.connect().await;
    store(&postgres, 5, Vec::new()).await;
    let new = token(5);
    sqlx::query(
        "INSERT INTO tokens
             (id, digest, user_id, name, hint, server_ids, scopes, created_at, expires_at, revoked_at)
         VALUES (5, $1, 1, 'token 5', $2, '{5}', '{users:read}', to_timestamp(1), NULL, NULL)",
    )
    .bind(new.digest.as_bytes().as_slice())
    .bind(new.token.hint.as_str())
    .execute(&mut database.connection().await)
    .await
    .unwrap();
    let found = postgres.present(&new.digest, Addressed::Sole).await;
    let found = found.unwrap().unwrap();
    assert_eq!(*found.token, new.token);
    assert_eq!(found.former_until, None);
    let (addressed, standing) = found.standing.unwrap();
    assert_eq!(addressed, server(5));
    assert!(standing.owner && standing.api_enabled && !standing.appointed);
}

/// A row of an audit log never changes, whoever tries; it can only go.
#[tokio::test]
async fn a_row_of_an_audit_log_never_changes() {
    let database = TestDatabase::create().await;
    let mut around = database.connection().await;
    given_log(&mut around).await;
    let changed = around
        .execute("UPDATE audit_rows SET actor_user_id = 1")
        .await;
    let refused = changed.unwrap_err().to_string();
    assert!(refused.contains("never changes"), "{refused}");
    around.execute("DELETE FROM audit_rows").await.unwrap();
}

/// A log of 2500 rows from the second 2 and one from the second 1000, each with a reason, as they would have been written
/// one by one.
async fn given_log(around: &mut PgConnection) {
    let keys = keyring();
    let settings = |api_enabled| ServerSettings {
        api_enabled,
        ..ServerSettings::default()
    };
    let mut head = Place::START;
    let (mut seconds, mut befores, mut afters, mut links) = (vec![], vec![], vec![], vec![]);
    let mut last = None;
    for number in 1..=2501 {
        let second = if number > 2500 { 1000 } else { 2 };
        let act = Act {
            reason: Some(reason()),
            ..act(second)
        };
        let turn = number % 2 == 0;
        let entry = settings_updated(server(5), &settings(turn), &settings(!turn));
        let row = keys.append(head, &act, entry);
        head = row.place();
        seconds.push(second);
        befores.extend(row.before.as_ref().map(|it| it.as_str().to_owned()));
        afters.extend(row.after.as_ref().map(|it| it.as_str().to_owned()));
        links.push(row.link.as_bytes().to_vec());
        last = Some(row);
    }
    let key = last.unwrap().key.unwrap();
    sqlx::query(
        "INSERT INTO audit_rows
             (server_id, number, at, actor, action, before, after, commitment, key_id, link)
         SELECT 5, number, to_timestamp(second), 'operator', 'settings.updated', before, after, $5, $6, link
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[])
             WITH ORDINALITY AS rows (second, before, after, link, number)",
    )
    .bind(seconds)
    .bind(befores)
    .bind(afters)
    .bind(links)
    .bind(reason().commitment().as_slice())
    .bind(key.as_bytes().as_slice())
    .execute(&mut *around)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO audit_reasons (server_id, number, text, salt)
         SELECT server_id, number, $1, $2 FROM audit_rows",
    )
    .bind(reason().text.as_str())
    .bind(reason().salt.as_slice())
    .execute(&mut *around)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO audit_heads
             (server_id, number, link, seal, checkpoint_number, checkpoint_link, checkpoint_seal)
         VALUES (5, 2501, $1, $2, 0, $3, $4)",
    )
    .bind(head.link.as_bytes().as_slice())
    .bind(keys.seal(End::Head, server(5), head).as_bytes().as_slice())
    .bind(Link::START.as_bytes().as_slice())
    .bind(
        keys.seal(End::Checkpoint, server(5), Place::START)
            .as_bytes()
            .as_slice(),
    )
    .execute(around)
    .await
    .unwrap();
}

fn reason() -> GivenReason {
    GivenReason {
        text: "tidiness".parse().unwrap(),
        salt: [7; 16],
    }
}

fn everything_before(moment: Timestamp) -> Cutoffs {
    Cutoffs {
        tokens: moment,
        former_secrets: moment,
        idempotency: moment,
        usage: moment,
        audit: Some(moment),
        samples: moment,
        commands: moment,
        servers: moment,
    }
}

/// More of everything than one transaction removes, all of it from before the second 1000, and one row that is not.
const ENDED: &str = "
    INSERT INTO tokens (id, digest, user_id, name, hint, server_ids, scopes, created_at, expires_at)
        SELECT n, sha256(n::text::bytea), n, 'ended', 'hush_0000', '{5}', '{}', to_timestamp(1),
               to_timestamp(CASE n WHEN 2501 THEN 1000 ELSE 2 END)
        FROM generate_series(1, 2501) n;
    INSERT INTO token_owners SELECT generate_series(1, 2501);
    INSERT INTO former_secrets (digest, token_id, until)
        SELECT sha256(('former ' || n)::bytea), 2501, to_timestamp(CASE n WHEN 2501 THEN 1000 ELSE 2 END)
        FROM generate_series(1, 2501) n;
    INSERT INTO idempotency_records (token_id, route, key, fingerprint, answer, at)
        SELECT n, '', '', sha256(''), '', to_timestamp(CASE n WHEN 2501 THEN 1000 ELSE 2 END)
        FROM generate_series(1, 2501) n;
    INSERT INTO token_usage (server_id, minute, token_id, requests)
        SELECT 5, to_timestamp(CASE n WHEN 2501 THEN 1000 ELSE 2 END), n, 1
        FROM generate_series(1, 2501) n;
    INSERT INTO hourly_samples
            (server_id, hour, members_samples, bots_samples, online_samples)
        SELECT 1000 + n, to_timestamp(CASE n WHEN 2501 THEN 1000 ELSE 2 END), 0, 0, 0
        FROM generate_series(1, 2501) n;
    INSERT INTO commands
            (id, server_id, type, body, token_id, user_id, created_at, not_after, run_at, state, ended_at)
        SELECT n, 5, 'kick', '{\"user_id\":3}', 7, 2, to_timestamp(1), to_timestamp(2), to_timestamp(1),
               'expired', to_timestamp(CASE n WHEN 2501 THEN 1000 ELSE 2 END)
        FROM generate_series(1, 2501) n;
    INSERT INTO departed_servers SELECT 100 + n, to_timestamp(2) FROM generate_series(1, 20) n";
