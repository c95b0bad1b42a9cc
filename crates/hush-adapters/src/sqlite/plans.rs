//! What is asked of the file again and again is found by keys, whatever the file's size: no plan looks through a table.

use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};

use super::database::options;
use super::ingest::presences;
use super::{
    Sqlite, audit, channels, commands, samples, servers, stats, tokens, upkeep, usage, users,
};

/// What every request and every look after the file asks.
const ASKED: [&str; 31] = [
    tokens::PRESENT,
    tokens::MEMBERSHIPS,
    tokens::DESCENDANTS,
    tokens::OF_USER,
    tokens::OF_SERVER,
    users::GET,
    users::PAGE,
    users::PAGE_AMONG,
    servers::GET,
    servers::ROLES,
    stats::STATS,
    channels::LIST,
    samples::OF_SERVER,
    audit::PAGE,
    audit::ROWS,
    usage::SPENT,
    upkeep::TOKENS,
    upkeep::FORMER_SECRETS,
    upkeep::REQUESTS,
    upkeep::MINUTES,
    upkeep::SAMPLES,
    upkeep::COMMANDS,
    commands::GET,
    commands::LIST,
    commands::LIST_IN_STATE,
    commands::LIST_OF_TYPE,
    commands::PENDING,
    commands::READ,
    commands::READY,
    commands::OVERDUE,
    commands::FINISH,
];

async fn plan(connection: &mut SqliteConnection, query: &str) -> Vec<String> {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
    let steps: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(explain).fetch_all(connection).await.unwrap();
    steps.into_iter().map(|step| step.3).collect()
}

#[tokio::test]
async fn nothing_looks_through_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hush.db");
    Sqlite::migrate(&file).await.unwrap();
    let mut connection = options(&file).connect().await.unwrap();
    for query in ASKED {
        let plan = plan(&mut connection, query).await;
        // The questions themselves, and what was found already, are looked through.
        let in_hand = [
            "VIRTUAL TABLE",
            "CONSTANT ROW",
            "SCAN held",
            "SCAN descendants",
            // What waits, in its order, and what is being carried out.
            "INDEX commands_waiting",
            "INDEX commands_in_work",
            "SCAN busy",
            "SCAN r",
            "SCAN placed",
            "SCAN numbered",
            "SCAN (subquery",
        ];
        let scans = |step: &&String| {
            step.starts_with("SCAN ") && !in_hand.iter().any(|what| step.contains(what))
        };
        assert_eq!(plan.iter().find(scans), None, "{plan:#?}");
        // Only what tokens spent, users that are named, and the commands of each server are put into another order than that
        // in which they are found.
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
        let sorted = [usage::SPENT, users::PAGE_AMONG, commands::READY].contains(&query);
        assert_eq!(sorts, sorted, "{plan:#?}");
        assert!(
            plan.iter().any(|step| step.starts_with("SEARCH ")),
            "{plan:#?}"
        );
    }
}

#[tokio::test]
async fn users_that_are_named_are_looked_up_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hush.db");
    Sqlite::migrate(&file).await.unwrap();
    let mut connection = options(&file).connect().await.unwrap();
    let plan = plan(&mut connection, users::PAGE_AMONG).await;
    let found = "SEARCH m USING PRIMARY KEY (server_id=? AND user_id=?)";
    assert!(plan.iter().any(|step| step == found), "{plan:#?}");
}

#[tokio::test]
async fn a_batch_of_presences_looks_through_nothing_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hush.db");
    Sqlite::migrate(&file).await.unwrap();
    let mut connection = options(&file).connect().await.unwrap();
    sqlx::raw_sql(presences::PLACE)
        .execute(&mut connection)
        .await
        .unwrap();
    for (query, found) in [
        (
            presences::STAGE,
            "SEARCH m USING PRIMARY KEY (server_id=? AND user_id=?)",
        ),
        (
            presences::SHOW,
            "SEARCH members USING PRIMARY KEY (server_id=? AND user_id=?)",
        ),
        (
            presences::DATE,
            "SEARCH servers USING INTEGER PRIMARY KEY (rowid=?)",
        ),
    ] {
        let plan = plan(&mut connection, query).await;
        let kept = ["SCAN m", "SCAN members", "SCAN servers"];
        assert!(
            !plan.iter().any(|step| kept.contains(&&**step)),
            "{plan:#?}"
        );
        assert!(plan.iter().any(|step| step == found), "{plan:#?}");
    }
}
