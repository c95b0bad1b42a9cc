//! What a request costs does not depend on how much is stored.

use hush_adapters::postgres::Postgres;
use hush_domain::events::PresenceChange;
use hush_domain::presence::Presence;
use hush_domain::usage::Use;
use hush_ports::{
    Addressed, AuditFilter, AuditLog, AuditPage, Channels, Cutoffs, Ingest, Limiter, PageRequest,
    Samples, Servers, StatsReader, Tidied, TokenFilter, Tokens, Upkeep, Usage, Users,
};
use sqlx::{AssertSqlSafe, Executor};

use super::database::{Read, Reads, TestDatabase};
use super::examples::{at, bucket, create, member, per_minute, secret, server, store, token, user};

/// How often each request is made: more than the five times after which PostgreSQL may take one plan for all.
const TIMES: u64 = 8;
pub(super) const PAGE: u16 = 50;

/// A database in which everything stands on server 5 among much of others, and what was read there so far.
pub(super) struct Crowded {
    database: TestDatabase,
    start: Reads,
}

impl Crowded {
    pub(super) async fn create() -> Self {
        let database = TestDatabase::create().await;
        let postgres = database.connect().await;
        store(&postgres, 5, vec![member(1, "owner")]).await;
        create(&postgres, token(5)).await.unwrap();
        let mut around = database.connection().await;
        let name = database.name();
        // Whichever plan PostgreSQL chose after a while, it has to be good for every server.
        let generic =
            format!(r#"ALTER DATABASE "{name}" SET plan_cache_mode = force_generic_plan"#);
        around.execute(AssertSqlSafe(generic)).await.unwrap();
        around.execute(CROWD).await.unwrap();
        sqlx::query(FORMER_SECRET)
            .bind(secret(8).digest().as_bytes().as_slice())
            .bind(token(5).token.id.to_i64())
            .execute(&mut around)
            .await
            .unwrap();
        around.execute("ANALYZE").await.unwrap();
        let start = database.reads().await;
        Self { database, start }
    }

    /// Holds what each of many requests reads, which `make` makes with another number each, against the rows of each
    /// table that it should. Returns how many pages of the members' index each looks at.
    pub(super) async fn read(
        &self,
        expected: &[(&str, i64)],
        make: impl AsyncFn(&Postgres, u64),
    ) -> i64 {
        // PostgreSQL reads some rows to plan. On one connection they are the same for any number of requests.
        let mut counted = [self.start.clone(), Reads::new(), Reads::new()];
        for (turn, times) in [(1, TIMES), (2, 2 * TIMES)] {
            let process = self.database.connect_with(1).await;
            for request in 1..=times {
                make(&process, request).await;
            }
            process.close().await;
            counted[turn] = self.database.reads().await;
        }
        let [start, once, thrice] = counted;
        let per_request = |count: fn(&Read) -> i64, table: &str| {
            let [before, between, after] =
                [&start, &once, &thrice].map(|reads| count(&reads[table]));
            ((after - between) - (between - before)) / TIMES.cast_signed()
        };
        // The servers that are gone, and who carries commands out, are so few that all are looked at.
        let aside = ["departed_servers", "command_workers", "_sqlx_migrations"];
        let tables = start
            .keys()
            .filter(|table| !aside.contains(&table.as_str()));
        for table in tables {
            let rows = expected.iter().find(|(name, _)| name == table);
            assert_eq!(
                per_request(|read| read.rows, table),
                rows.map_or(0, |(_, rows)| *rows),
                "rows of {table}"
            );
            let scans = per_request(|read| read.scans, table);
            assert_eq!(scans, 0, "{table} was read from end to end");
        }
        per_request(|read| read.index_pages, "members")
    }
}

/// On a server of 20,000 members, in tables that hold many more rows of others, some of them of the same users, and no
/// row in any order, requests read by index exactly the rows that they answer.
#[tokio::test]
async fn requests_read_the_rows_that_they_answer_and_no_others() {
    let page = i64::from(PAGE);
    let expected = [
        // The caller three times, the user, and the page.
        ("members", 3 + 1 + page),
        // Two of each of them, and of the server.
        ("roles", 2 * (3 + 1 + page + 1)),
        ("servers", 7),
        ("server_settings", 3),
        ("tokens", 1),
        ("channels", 20),
        ("hourly_samples", 10),
    ];
    let crowded = Crowded::create().await;
    let pages = crowded
        .read(&expected, async |process, request| {
            make_each_request(process, 8000 + request).await;
        })
        .await;
    // Five ways down a tree of at most three levels, and one more leaf of the page.
    assert!(pages <= 16, "{pages} pages of the members' index");
}

/// So do those for tokens, audit log, settings and rate limit.
#[tokio::test]
async fn what_owners_ask_reads_the_rows_that_it_answers_and_no_others() {
    let page = i64::from(PAGE);
    let expected = [
        // By a former secret.
        ("members", 1),
        ("roles", 2),
        ("servers", 2),
        ("server_settings", 2),
        ("former_secrets", 1),
        // Those that name the server are looked at twice.
        ("tokens", 1 + 1 + 1 + 2),
        ("audit_rows", 2 * page),
        ("audit_reasons", 2 * page),
        ("token_usage", 60),
        ("rate_limit_buckets", 1),
    ];
    let crowded = Crowded::create().await;
    crowded
        .read(&expected, async |process, request| {
            ask_as_owner(process, request).await;
        })
        .await;
}

/// What was gathered about the use of tokens is added to those tokens alone.
#[tokio::test]
async fn recording_reads_the_tokens_that_were_used() {
    let crowded = Crowded::create().await;
    crowded
        .read(&[("tokens", 2)], async |process, request| {
            let used = Use {
                token: token(5).token.id,
                minute: at(60 * request.cast_signed()),
                server: None,
                requests: 1,
            };
            process.record(vec![used]).await.unwrap();
        })
        .await;
}

/// Presences are looked for where their members stand, however many there are of others, and however many come at once.
#[tokio::test]
async fn presences_read_the_members_that_they_are_of() {
    const AT_ONCE: u64 = 1000;
    let crowded = Crowded::create().await;
    let members = AT_ONCE.cast_signed();
    // Each once to look and once to change; the server once to lock and once to count.
    let expected = [("members", 2 * members), ("servers", 2)];
    crowded
        .read(&expected, async |process, request| {
            let presence = [Presence::Offline, Presence::Online][usize::from(request % 2 == 1)];
            let changes = (1001..=1000 + AT_ONCE).map(|id| PresenceChange {
                server: server(5),
                user: user(id),
                presence,
                received_at: at(request.cast_signed()),
            });
            let applied = process.apply_presences(changes.collect()).await;
            assert_eq!(applied.unwrap(), AT_ONCE);
        })
        .await;
}

/// What is removed in time is looked for where it would be, and not everywhere.
#[tokio::test]
async fn tidying_reads_nothing_of_what_stays() {
    let nothing = at(0);
    let cutoffs = Cutoffs {
        tokens: nothing,
        former_secrets: nothing,
        idempotency: nothing,
        usage: nothing,
        audit: None,
        samples: nothing,
        commands: nothing,
        servers: nothing,
    };
    let crowded = Crowded::create().await;
    crowded
        .read(&[], async |process, _| {
            assert_eq!(process.tidy(cutoffs).await.unwrap(), Tidied::default());
        })
        .await;
}

/// What one process asks for, as admission and the operations ask for it.
async fn make_each_request(process: &Postgres, after: u64) {
    let addressed = Addressed::Server(server(5));
    let presented = process
        .present(&token(5).digest, addressed)
        .await
        .unwrap()
        .unwrap();
    assert!(presented.standing.is_some());
    assert_eq!(
        process.memberships(&presented.token).await.unwrap().len(),
        1
    );
    assert!(process.server_stats(server(5)).await.unwrap().is_some());
    let caller = presented.token.user;
    let standing = process.standing(caller, server(5)).await.unwrap();
    assert_eq!(standing, presented.standing.map(|(_, standing)| standing));
    assert!(Servers::get(process, server(5)).await.unwrap().is_some());
    let roles = process.roles(server(5)).await.unwrap();
    assert_eq!(roles.unwrap().len(), 2);
    let channels = Channels::list(process, server(5)).await.unwrap();
    assert_eq!(channels.unwrap().len(), 20);
    let hours = Samples::of_server(process, server(5), at(0), at(36_000)).await;
    assert_eq!(hours.unwrap().len(), 10);
    assert!(
        Users::get(process, server(5), user(after))
            .await
            .unwrap()
            .is_some()
    );
    let page = PageRequest {
        after: Some(user(after)),
        limit: PAGE,
        ..PageRequest::default()
    };
    let members = Users::page(process, server(5), page).await.unwrap();
    let ids: Vec<_> = members.into_iter().map(|member| member.user.id).collect();
    let expected: Vec<_> = (after + 1..).take(PAGE.into()).map(user).collect();
    assert_eq!(ids, expected);
}

async fn ask_as_owner(process: &Postgres, request: u64) {
    let found = process
        .present(&secret(8).digest(), Addressed::Server(server(5)))
        .await
        .unwrap()
        .unwrap();
    assert!(found.former_until.is_some() && found.standing.is_some());
    let own = found.token.id;
    assert!(Tokens::get(process, own).await.unwrap().is_some());
    for (of_user, of_server, count) in [(Some(20_000), None, 1), (None, Some(5), 1)] {
        let filter = TokenFilter {
            user: of_user.map(user),
            server: of_server.map(server),
            limit: PAGE,
            ..TokenFilter::default()
        };
        assert_eq!(Tokens::list(process, filter).await.unwrap().len(), count);
    }
    assert!(
        hush_ports::Settings::get(process, server(5))
            .await
            .unwrap()
            .is_some()
    );
    let page = AuditPage {
        before: Some(10_000 + request),
        limit: PAGE,
    };
    let newest = AuditLog::page(process, server(5), AuditFilter::default(), page).await;
    let after = process.rows(server(5), 10_000 + request, PAGE).await;
    for rows in [newest, after] {
        assert_eq!(rows.unwrap().len(), usize::from(PAGE));
    }
    assert_eq!(process.spent(server(5), at(0)).await.unwrap().len(), 1);
    let left = process.left(bucket(5), per_minute(60)).await.unwrap();
    assert_eq!(left.remaining, 60);
}

/// Another secret of a token.
const FORMER_SECRET: &str =
    "INSERT INTO former_secrets (digest, token_id, until) VALUES ($1, $2, now())";

/// Fills every table with many rows in random order, and lets PostgreSQL look at them this once only: it would plan anew
/// whenever it looks again. Most servers have few members, so that it expects few wherever it does not look; and the one
/// who asks is the last of many.
const CROWD: &str = "
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT relname FROM pg_stat_user_tables LOOP
            EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = off)', name);
        END LOOP;
    END $$;
    UPDATE tokens SET user_id = 20000;
    UPDATE servers SET listed = 20000;
    INSERT INTO servers (id, name, owner_id, presences_known, listed, bots, online, as_of)
        SELECT id, 'Crowd', 1, true, 0, 0, 0, now() FROM generate_series(1000, 4000) id ORDER BY random();
    INSERT INTO server_settings (server_id, api_enabled, admin_role_ids)
        SELECT id, true, '{10}' FROM generate_series(1, 4000) id ORDER BY random();
    INSERT INTO channels (server_id, id, name, kind)
        SELECT 1000 + n / 10, n, 'Crowd', 0 FROM generate_series(1, 30000) n ORDER BY random();
    INSERT INTO channels (server_id, id, name, kind) SELECT 5, n, 'Crowd', 0 FROM generate_series(1, 20) n;
    INSERT INTO hourly_samples (server_id, hour, members_samples, bots_samples, online_samples)
        SELECT server, to_timestamp(3600 * hour), 0, 0, 0
        FROM generate_series(1, 100) server, generate_series(0, 400) hour ORDER BY random();
    INSERT INTO roles (server_id, id, name, position, permissions)
        SELECT 1000 + n / 10, n, 'Crowd', 1, 0 FROM generate_series(1, 30000) n ORDER BY random();
    INSERT INTO members (server_id, user_id, name, bot, role_ids, presence)
        SELECT 5, n, 'Crowd', false, '{10, 11}', 4 FROM generate_series(2, 20000) n ORDER BY random();
    INSERT INTO members (server_id, user_id, name, bot, role_ids, presence)
        SELECT 1000 + n / 100, 8000 + n % 100, 'Crowd', false, '{}', 4 FROM generate_series(1, 30000) n ORDER BY random();
    INSERT INTO members (server_id, user_id, name, bot, role_ids, presence)
        SELECT 5000 + n / 2, n, 'Crowd', false, '{}', 4 FROM generate_series(1, 100000) n;
    INSERT INTO tokens (id, digest, user_id, name, hint, server_ids, scopes, created_at)
        SELECT n, sha256(n::text::bytea), n, 'Crowd', 'hush_0000', ARRAY[n], '{}', now()
        FROM generate_series(1000, 6000) n ORDER BY random();
    INSERT INTO token_owners (user_id) SELECT generate_series(2, 5000);
    INSERT INTO former_secrets (digest, token_id, until)
        SELECT sha256(('former ' || n)::bytea), n, now() FROM generate_series(1000, 6000) n ORDER BY random();
    INSERT INTO idempotency_records (token_id, route, key, fingerprint, answer, at)
        SELECT n, 'Crowd', n, sha256(''), '', now() FROM generate_series(1, 5000) n ORDER BY random();
    INSERT INTO token_usage (server_id, minute, token_id, requests)
        SELECT server, now() + minute * interval '1 minute', 1, 1
        FROM generate_series(1, 100) server, generate_series(1, 60) minute ORDER BY random();
    INSERT INTO audit_rows (server_id, number, at, actor, action, link)
        SELECT 5, n, now(), 'operator', 'settings.updated', sha256('') FROM generate_series(2, 20000) n ORDER BY random();
    INSERT INTO audit_rows (server_id, number, at, actor, action, link)
        SELECT 1000 + n / 10, n % 10 + 1, now(), 'operator', 'settings.updated', sha256('')
        FROM generate_series(1, 30000) n ORDER BY random();
    INSERT INTO audit_reasons (server_id, number, text, salt)
        SELECT server_id, number, 'Crowd', substr(sha256(''), 1, 16) FROM audit_rows ORDER BY random();
    INSERT INTO command_workers DEFAULT VALUES;
    INSERT INTO commands
            (id, server_id, type, body, token_id, user_id, created_at, not_after, run_at, state, ended_at)
        SELECT n, CASE WHEN n > 49000 THEN 5 ELSE 1000 + n / 100 END, 'kick', '{\"user_id\":3}', 7, 2, now(), now(), now(),
               'expired', now()
        FROM generate_series(1, 60000) n ORDER BY random();
    INSERT INTO commands
            (id, server_id, type, body, token_id, user_id, created_at, not_after, run_at, state)
        SELECT 60000 + n, 6, 'kick', '{\"user_id\":3}', 7, 2, to_timestamp(1000), 'infinity', 'infinity', 'queued'
        FROM generate_series(1, 10) n;
    INSERT INTO rate_limit_buckets (kind, key, times, last)
        SELECT 1, n, '{1}', 1 FROM generate_series(1, 5000) n ORDER BY random()";
