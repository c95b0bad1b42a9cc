//! The data in `.sqlx` against which a build without a database checks the queries.

use std::fs;
use std::path::Path;

use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use super::database::TestDatabase;

/// A migrated database says of every query what `.sqlx` says of it.
#[tokio::test]
async fn offline_data_are_what_the_schema_says() {
    let database = TestDatabase::create().await;
    let mut connection = database.connection().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.sqlx");
    let mut checked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
        if kept["db_name"] != "PostgreSQL" {
            continue;
        }
        let query = kept["query"].as_str().unwrap();
        let sql = AssertSqlSafe(query.to_owned()).into_sql_str();
        let described = (&mut connection).describe(sql).await.unwrap();
        assert_eq!(
            serde_json::to_value(described).unwrap(),
            kept["describe"],
            "run `cargo xtask db prepare` and commit; of the query: {query}"
        );
        checked += 1;
    }
    assert!(checked > 0, "there is no offline data");
}
