//! What every request asks of the file is found by keys, whatever the file's size: no plan looks through a table.

use sqlx::{AssertSqlSafe, ConnectOptions};

use super::database::options;
use super::{Sqlite, stats, tokens, users};

#[tokio::test]
async fn no_request_looks_through_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hush.db");
    Sqlite::migrate(&file).await.unwrap();
    let mut connection = options(&file).connect().await.unwrap();
    for query in [tokens::PRESENT, users::GET, users::PAGE, stats::STATS] {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan: Vec<_> = steps.into_iter().map(|step| step.3).collect();
        // The questions themselves are looked through.
        let scans = |step: &&String| step.starts_with("SCAN ") && !step.contains("VIRTUAL TABLE");
        assert_eq!(plan.iter().find(scans), None, "{plan:#?}");
        assert!(
            !plan.iter().any(|step| step.contains("TEMP B-TREE")),
            "{plan:#?}"
        );
        assert!(
            plan.iter().any(|step| step.starts_with("SEARCH ")),
            "{plan:#?}"
        );
    }
}
