//! Locks in PostgreSQL that somebody else holds.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use sqlx::{Connection, PgConnection};

use super::Database;
use crate::import::block_on;

/// A lock that somebody else holds in the database.
pub(crate) struct Lock {
    release: Sender<()>,
    holder: JoinHandle<()>,
}

impl Lock {
    pub(crate) fn take(database: &Database, statement: &'static str) -> Self {
        let url = database.url();
        let (locked, is_locked) = channel();
        let (release, released) = channel();
        let holder = std::thread::spawn(move || {
            block_on(async {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                let mut transaction = connection.begin().await.unwrap();
                sqlx::raw_sql(statement)
                    .execute(&mut *transaction)
                    .await
                    .unwrap();
                locked.send(()).unwrap();
                released.recv().unwrap();
                transaction.rollback().await.unwrap();
            });
        });
        is_locked.recv().unwrap();
        Self { release, holder }
    }

    pub(crate) fn release(self) {
        self.release.send(()).unwrap();
        self.holder.join().unwrap();
    }
}
