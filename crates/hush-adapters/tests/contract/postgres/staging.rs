//! Member lists on their way through `COPY`.

use hush_domain::events::ListedMember;
use hush_ports::{Ingest, IngestError, MemberSource, SourceError, StatsReader, Users};

use super::database::TestDatabase;
use super::examples::{at, member, server, snapshot, store, user};

/// Names that mean something to `COPY`, arrays or SQL are names like any other.
#[tokio::test]
async fn every_name_arrives_as_it_is() {
    let names = [
        r"\N",
        r"\.",
        r"\\",
        r"back\slash\",
        r"\t\n\x41\101",
        "{}",
        "{NULL}",
        "NULL",
        "'; --",
        "\"",
        " ",
        " padded ",
        "a,b",
        "ü 名 🦀",
        "\u{a0}",
        "%s $1",
    ];
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    let members = (1..)
        .zip(names)
        .map(|(id, name)| member(id, name))
        .collect();
    store(&postgres, 5, members).await;
    for (id, name) in (1..).zip(names) {
        let found = Users::get(&postgres, server(5), user(id))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.user.username.name(), name);
        assert_eq!(found.roles.len(), 2);
    }
}

/// Sources that fail at any point leave neither data nor a broken connection behind.
#[tokio::test]
async fn failing_sources_break_no_connection() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    for parts in 0..6 {
        let source = Box::new(Failing { parts });
        let error = postgres
            .apply_snapshot(snapshot(5), source, at(1))
            .await
            .unwrap_err();
        assert!(matches!(&error, IngestError::Source(_)), "{error:?}");
        assert_eq!(error.to_string(), "line 7 is broken");
        assert_eq!(postgres.server_stats(server(5)).await.unwrap(), None);
    }
    let lasting = [member(1, "one")].into_iter().collect();
    store(&postgres, 5, lasting).await;
}

/// Delivers so many parts of 1,000 members, then fails.
struct Failing {
    parts: u64,
}

impl MemberSource for Failing {
    fn next_part(&mut self) -> Result<Option<Vec<ListedMember>>, SourceError> {
        let Some(left) = self.parts.checked_sub(1) else {
            return Err(SourceError("line 7 is broken".to_owned()));
        };
        self.parts = left;
        Ok(Some(
            (1..=1000)
                .map(|id| member(1000 * left + id, "name"))
                .collect(),
        ))
    }
}
