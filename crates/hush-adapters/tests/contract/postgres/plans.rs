//! What a request costs does not depend on how much is stored.

use hush_adapters::postgres::Postgres;
use hush_ports::{Addressed, PageRequest, StatsReader, Tokens, Users};
use sqlx::{AssertSqlSafe, Executor};

use super::database::{Read, Reads, TestDatabase};
use super::examples::{create, member, server, store, token, user};

/// How often each request is made: more than the five times after which PostgreSQL may take one plan for all.
const TIMES: u64 = 8;
const PAGE: u16 = 50;

/// On a server of 20,000 members, in tables that hold many more rows of others, some of them of the same users, and no
/// row in any order, requests read by index exactly the rows that they answer.
#[tokio::test]
async fn requests_read_the_rows_that_they_answer_and_no_others() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    store(&postgres, 5, vec![member(1, "owner")]).await;
    create(&postgres, 5).await.unwrap();
    let mut around = database.connection().await;
    let name = database.name();
    // Whichever plan PostgreSQL chose after a while, it has to be good for every server.
    let generic = format!(r#"ALTER DATABASE "{name}" SET plan_cache_mode = force_generic_plan"#);
    around.execute(AssertSqlSafe(generic)).await.unwrap();
    around.execute(CROWD).await.unwrap();

    // PostgreSQL reads some rows to plan. On one connection they are the same for any number of requests.
    let mut counted = [database.reads().await, Reads::new(), Reads::new()];
    for (turn, times) in [(1, TIMES), (2, 2 * TIMES)] {
        let process = database.connect_with(1).await;
        for request in 1..=times {
            make_each_request(&process, 8000 + request).await;
        }
        process.close().await;
        counted[turn] = database.reads().await;
    }
    let [start, once, thrice] = counted;
    let page = i64::from(PAGE);
    let expected = [
        // The caller twice, the user, and the page.
        ("members", 1 + 1 + 1 + page),
        // Two of each of them.
        ("roles", 2 * (1 + 1 + 1 + page)),
        ("servers", 3),
        ("tokens", 1),
    ];
    let per_request = |count: fn(&Read) -> i64, table: &str| {
        let [before, between, after] = [&start, &once, &thrice].map(|reads| count(&reads[table]));
        ((after - between) - (between - before)) / TIMES.cast_signed()
    };
    for (table, rows) in expected {
        let scans = thrice[table].scans - start[table].scans;
        assert_eq!(scans, 0, "{table} was read from end to end");
        assert_eq!(
            per_request(|read| read.rows, table),
            rows,
            "rows of {table}"
        );
    }
    // Four ways down a tree of at most three levels, and one more leaf of the page.
    let pages = per_request(|read| read.index_pages, "members");
    assert!(pages <= 13, "{pages} pages of the members' index");
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
    assert!(
        Users::get(process, server(5), user(after))
            .await
            .unwrap()
            .is_some()
    );
    let page = PageRequest {
        after: Some(user(after)),
        limit: PAGE,
    };
    let members = process.page(server(5), page).await.unwrap();
    let ids: Vec<_> = members.into_iter().map(|member| member.user.id).collect();
    let expected: Vec<_> = (after + 1..).take(PAGE.into()).map(user).collect();
    assert_eq!(ids, expected);
}

/// Fills every table with many rows in random order, and lets PostgreSQL know, this once: it would plan anew whenever
/// it looks again.
const CROWD: &str = "
    ALTER TABLE servers SET (autovacuum_enabled = off);
    ALTER TABLE roles SET (autovacuum_enabled = off);
    ALTER TABLE members SET (autovacuum_enabled = off);
    ALTER TABLE tokens SET (autovacuum_enabled = off);
    INSERT INTO servers (id, name, owner_id, presences_known, listed, bots, online, as_of)
        SELECT id, 'Crowd', 1, true, 0, 0, 0, now() FROM generate_series(1000, 4000) id ORDER BY random();
    INSERT INTO roles (server_id, id, name, position, permissions)
        SELECT 1000 + n / 10, n, 'Crowd', 1, 0 FROM generate_series(1, 30000) n ORDER BY random();
    INSERT INTO members (server_id, user_id, name, bot, role_ids, presence)
        SELECT 5, n, 'Crowd', false, '{10, 11}', 4 FROM generate_series(2, 20000) n ORDER BY random();
    INSERT INTO members (server_id, user_id, name, bot, role_ids, presence)
        SELECT 1000 + n / 100, 8000 + n % 100, 'Crowd', false, '{}', 4 FROM generate_series(1, 30000) n ORDER BY random();
    INSERT INTO tokens (id, digest, user_id, name, hint, server_ids, scopes, created_at)
        SELECT n, sha256(n::text::bytea), n, 'Crowd', 'hush_0000', ARRAY[n], '{}', now()
        FROM generate_series(1, 5000) n ORDER BY random();
    ANALYZE";
