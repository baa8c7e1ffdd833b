use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::answer::Answer;
use crate::error::Error;
use crate::v1::kv_indexer_client::KvIndexerClient;
use crate::v1::query_stream_response::Outcome;
use crate::v1::{QueryByHashRequest, QueryRequest, QueryStreamRequest, QueryStreamResponse};

pub use crate::v1::query_stream_request::Question;

/// How many questions may wait for room on the connection before those who ask must wait.
const QUEUED_QUESTIONS: usize = 64;

/// Many questions in flight on one stream, which costs less than a call for each. Clones share it; it ends with the last
/// one. A bad question fails alone. Once the stream itself has failed, all that is asked fails: open a new one.
#[derive(Clone, Debug)]
pub struct QueryStream {
    requests: mpsc::Sender<QueryStreamRequest>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Result<Answer, Error>>>,
    failure: Option<Error>,
}

impl QueryStream {
    pub(crate) fn open(rpc: KvIndexerClient<Channel>) -> Self {
        let (requests, queue) = mpsc::channel(QUEUED_QUESTIONS);
        let shared = Arc::new(Mutex::new(Shared::default()));
        tokio::spawn(receive(rpc, queue, shared.clone()));
        QueryStream { requests, shared }
    }

    /// Waits for the answer to one question: token ids, local hashes, or one of the generated requests.
    pub async fn ask(&self, question: impl Into<Question>) -> Result<Answer, Error> {
        let (answered, answer) = oneshot::channel();
        let request_id = {
            let mut shared = lock(&self.shared);
            if let Some(failure) = &shared.failure {
                return Err(failure.clone());
            }
            shared.next += 1;
            let id = shared.next;
            shared.waiting.insert(id, answered);
            id
        };
        let request = QueryStreamRequest { request_id, question: Some(question.into()) };
        // When nobody takes it any more, the stream has ended: that is told below.
        let _ = self.requests.send(request).await;
        answer.await.unwrap_or_else(|_| Err(lock(&self.shared).failure.clone().unwrap_or_else(ended)))
    }
}

/// Hands answers to those who wait for them, until the stream ends.
async fn receive(
    mut rpc: KvIndexerClient<Channel>,
    queue: mpsc::Receiver<QueryStreamRequest>,
    shared: Arc<Mutex<Shared>>,
) {
    let end: Result<(), Status> = async {
        let mut responses = rpc.query_stream(ReceiverStream::new(queue)).await?.into_inner();
        while let Some(response) = responses.message().await? {
            let answered = lock(&shared).waiting.remove(&response.request_id);
            if let Some(answered) = answered {
                // Who asked may have gone.
                let _ = answered.send(outcome_of(response));
            }
        }
        Ok(())
    }
    .await;
    let mut shared = lock(&shared);
    shared.failure = Some(end.map_or_else(Error::from, |()| ended()));
    shared.waiting.clear(); // wakes those who wait
}

fn outcome_of(response: QueryStreamResponse) -> Result<Answer, Error> {
    match response.outcome {
        Some(Outcome::Result(result)) => Ok(result.into()),
        Some(Outcome::Error(error)) => Err(Error::new(Code::from_i32(error.code), error.message)),
        None => Err(Error::new(Code::Unknown, "an answer without an outcome".to_owned())),
    }
}

fn ended() -> Error {
    Error::Unavailable("the server ended the stream".to_owned())
}

/// Nothing panics while it holds the lock, so what it guards is whole.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

macro_rules! question {
    ($variant:ident: $($from:ty),*) => {
        $(impl From<$from> for Question {
            fn from(asked: $from) -> Self {
                Question::$variant(asked.into())
            }
        })*
    };
}

question!(Query: QueryRequest, Vec<u32>, &[u32]);
question!(QueryByHash: QueryByHashRequest, Vec<u64>, &[u64]);
