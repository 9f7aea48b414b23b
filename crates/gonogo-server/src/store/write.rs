//! A write on its way to the writer thread, for callers that await and callers that block.
//!
//! Invariant: a write that was sent is carried out whether or not anybody still listens.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::StoreError;
use super::job::Job;

/// A write that has been described but not yet sent.
///
/// Await it in async code, or call [`wait`](Write::wait) from a thread that may block. It
/// is sent at that moment; a caller that goes away after that does not undo it.
#[must_use = "nothing is written until this is awaited or waited for"]
pub struct Write<T> {
    pub(super) queue: mpsc::Sender<Box<dyn Job>>,
    pub(super) job: Box<dyn Job>,
    pub(super) answer: oneshot::Receiver<Result<T, StoreError>>,
}

impl<T> Write<T> {
    /// Sends the write and blocks until it is durable. Panics inside an async task; await
    /// the value there.
    pub fn wait(self) -> Result<T, StoreError> {
        self.queue
            .blocking_send(self.job)
            .map_err(|_| StoreError::Closed)?;
        self.answer
            .blocking_recv()
            .unwrap_or(Err(StoreError::Closed))
    }
}

impl<T: Send + 'static> IntoFuture for Write<T> {
    type Output = Result<T, StoreError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.queue
                .send(self.job)
                .await
                .map_err(|_| StoreError::Closed)?;
            self.answer.await.unwrap_or(Err(StoreError::Closed))
        })
    }
}

/// A job that is one function over the connection.
pub(super) struct Call<T, F> {
    pub(super) run: Option<F>,
    pub(super) value: Option<T>,
    pub(super) reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn apply(&mut self, conn: &Connection) -> Result<(), StoreError> {
        if let Some(run) = self.run.take() {
            self.value = Some(run(conn)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { value, reply, .. } = *self;
        // A caller that went away does not want its answer.
        let _ = reply.send(outcome.and_then(|()| value.ok_or(StoreError::Closed)));
    }
}
