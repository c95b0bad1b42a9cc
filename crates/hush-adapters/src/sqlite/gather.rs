//! Reads that come together share one statement.
//!
//! A connection of SQLite's is a thread of its own, and going there and back costs several times what a look-up costs.
//! So whoever asks while others are being answered waits for them and is answered with all who came meanwhile.

use std::pin::Pin;
use std::sync::Arc;

use hush_ports::BackendError;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::database::{Database, PATIENCE};
use super::failure::Failure;
use crate::meters::Operation;

/// How many questions are answered by one statement, at most.
const BATCH: usize = 128;

/// Answers questions of one kind. The tasks that do so end with this.
pub(super) struct Gathered<Q, A> {
    database: Arc<Database>,
    operation: Operation,
    questions: mpsc::UnboundedSender<Question<Q, A>>,
}

struct Question<Q, A> {
    about: Q,
    answer: Asker<A>,
}

/// Who waits for an answer.
type Asker<A> = oneshot::Sender<Result<Option<A>, Arc<Failure>>>;

/// Answers each of several questions, with its place among them; who is not named has no answer.
pub(super) type Answering<Q, A> = for<'c> fn(&'c mut SqliteConnection, &'c [Q]) -> Answers<'c, A>;

/// The answers to come.
pub(super) type Answers<'c, A> =
    Pin<Box<dyn Future<Output = Result<Vec<(usize, A)>, Failure>> + Send + 'c>>;

impl<Q: Send + Sync + 'static, A: Send + 'static> Gathered<Q, A> {
    pub(super) fn start(
        database: &Arc<Database>,
        operation: Operation,
        answering: Answering<Q, A>,
    ) -> Self {
        // Nobody asks who has no request, of which there are only so many.
        let (questions, waiting) = mpsc::unbounded_channel();
        tokio::spawn(answer_all(database.clone(), waiting, answering));
        Self {
            database: database.clone(),
            operation,
            questions,
        }
    }

    pub(super) async fn ask(&self, about: Q) -> Result<Option<A>, BackendError> {
        self.database
            .meters
            .measure(self.operation, async {
                let (answer, answered) = oneshot::channel();
                let question = Question { about, answer };
                self.questions.send(question).map_err(|_| Failure::Waited)?;
                match timeout(PATIENCE, answered).await {
                    Ok(Ok(answer)) => answer.map_err(Failure::Shared),
                    Ok(Err(_)) | Err(_) => Err(Failure::Waited),
                }
            })
            .await
    }
}

async fn answer_all<Q, A>(
    database: Arc<Database>,
    mut waiting: mpsc::UnboundedReceiver<Question<Q, A>>,
    answering: Answering<Q, A>,
) {
    let mut questions = Vec::with_capacity(BATCH);
    while let Some(first) = waiting.recv().await {
        questions.push(first);
        // Whoever is about to ask does so before this goes on.
        tokio::task::yield_now().await;
        while questions.len() < BATCH
            && let Ok(next) = waiting.try_recv()
        {
            questions.push(next);
        }
        let (about, askers): (Vec<Q>, Vec<_>) = questions
            .drain(..)
            .map(|question| (question.about, question.answer))
            .unzip();
        match database.lend_reader().await {
            Ok(mut reader) => answer(&mut reader, &about, askers, answering).await,
            Err(failure) => tell(askers, Err(failure)),
        }
    }
}

async fn answer<Q, A>(
    reader: &mut SqliteConnection,
    about: &[Q],
    askers: Vec<Asker<A>>,
    answering: Answering<Q, A>,
) {
    match answering(reader, about).await {
        // What is stored wrongly for one of them is nobody else's failure.
        Err(failure) if !failure.is_transient() && about.len() > 1 => {
            for (alone, asker) in about.chunks(1).zip(askers) {
                tell(vec![asker], answering(reader, alone).await);
            }
        }
        answers => tell(askers, answers),
    }
}

/// Tells each who asked what was found for them.
fn tell<A>(askers: Vec<Asker<A>>, answers: Result<Vec<(usize, A)>, Failure>) {
    let mut askers: Vec<_> = askers.into_iter().map(Some).collect();
    let answered = answers.map(|answers| {
        for (place, answer) in answers {
            if let Some(asker) = askers.get_mut(place).and_then(Option::take) {
                // Who asked may have gone away.
                let _ = asker.send(Ok(Some(answer)));
            }
        }
    });
    let failed = answered.err().map(Arc::new);
    for asker in askers.into_iter().flatten() {
        let _ = asker.send(failed.clone().map_or(Ok(None), Err));
    }
}
