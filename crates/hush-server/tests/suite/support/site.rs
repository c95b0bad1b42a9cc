//! A store of its own for a test, whichever it is, and the binary that is configured for it.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use super::{Database, Hush};
use crate::import::{GUILD, block_on};

/// Runs each of these functions once on SQLite and once on PostgreSQL.
macro_rules! on_each_store {
    ($($test:ident,)*) => {
        mod on_sqlite {
            $(#[test] fn $test() { super::$test(&crate::support::Site::sqlite()) })*
        }

        mod on_postgres {
            $(#[test] fn $test() { super::$test(&crate::support::Site::postgres()) })*
        }
    };
}
pub(crate) use on_each_store;

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    let digits = bytes.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}

/// A store that holds the server of the tests.
pub(crate) struct Site {
    directory: Hush,
    database: Option<Database>,
}

impl Site {
    pub(crate) fn sqlite() -> Self {
        Self::filled(None)
    }

    pub(crate) fn postgres() -> Self {
        Self::filled(Some(Database::new()))
    }

    fn filled(database: Option<Database>) -> Self {
        let site = Self {
            directory: Hush::new(),
            database,
        };
        site.import(GUILD);
        site
    }

    /// The binary, configured for the store and for nothing else.
    pub(crate) fn hush(&self) -> Hush {
        if let Some(database) = &self.database {
            return Hush::new().with("HUSH_DATABASE_URL", &database.url());
        }
        let data = self.directory.path("data").display().to_string();
        Hush::new().with("HUSH_DATA_DIR", &data)
    }

    /// The database, if the store is one.
    pub(crate) fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    pub(crate) fn import(&self, guild: &str) {
        let import = ["import", "-"];
        self.hush()
            .run_with_input(&import, guild.as_bytes())
            .success();
    }

    /// What SQLite or PostgreSQL is told, whichever it is.
    pub(crate) fn either<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        match self.database {
            None => sqlite,
            Some(_) => postgres,
        }
    }

    /// Carries out statements past Hush.
    pub(crate) fn execute(&self, statements: &str) {
        match &self.database {
            Some(database) => database.execute(statements),
            None => block_on(async {
                let mut connection = self.file().await;
                let done = sqlx::raw_sql(AssertSqlSafe(statements))
                    .execute(&mut connection)
                    .await;
                connection.close().await.unwrap();
                done.unwrap();
            }),
        }
    }

    /// The first column of what a statement finds, which has to be text.
    pub(crate) fn find(&self, statement: &str) -> Vec<String> {
        let statement = sqlx::raw_sql(AssertSqlSafe(statement));
        block_on(async {
            if let Some(database) = &self.database {
                let mut connection = PgConnection::connect(&database.url()).await.unwrap();
                let rows = statement.fetch_all(&mut connection).await.unwrap();
                return rows.iter().map(|row| row.get(0)).collect();
            }
            let mut connection = self.file().await;
            let rows = statement.fetch_all(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        })
    }

    /// Every column of every table, as text and in lower-case hexadecimal digits.
    pub(crate) fn dump(&self) -> String {
        let tables = self.find(self.either(
            "SELECT name FROM sqlite_schema WHERE type = 'table'",
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'",
        ));
        assert!(tables.len() > 10, "{tables:?}");
        let rows = |table: &String| self.find(&self.all_of(table)).join("\n");
        tables.iter().map(rows).collect::<Vec<_>>().join("\n")
    }

    /// What finds every row of a table as one text.
    fn all_of(&self, table: &str) -> String {
        if self.database.is_some() {
            return format!(
                "SELECT t::text || encode(convert_to(t::text, 'UTF8'), 'hex') FROM \"{table}\" t"
            );
        }
        let columns = self.find(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let shown = columns
            .iter()
            .map(|name| format!("quote(\"{name}\") || ' ' || lower(hex(\"{name}\"))"));
        let shown: Vec<_> = shown.collect();
        format!("SELECT {} FROM \"{table}\"", shown.join(" || ' ' || "))
    }

    /// What is in the files themselves, if the store is one, whether or not it still belongs to anything.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        if self.database.is_some() {
            return vec![];
        }
        let file = |name: &str| std::fs::read(self.directory.path("data").join(name));
        let mut bytes = file("hush.db").unwrap();
        // While nobody has the file open there is no log beside it.
        bytes.extend(file("hush.db-wal").unwrap_or_default());
        bytes
    }

    async fn file(&self) -> SqliteConnection {
        let file = self.directory.path("data/hush.db");
        let url = format!("sqlite:{}", file.display());
        SqliteConnection::connect(&url).await.unwrap()
    }
}
