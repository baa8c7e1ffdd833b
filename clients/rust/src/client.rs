use std::future::Future;
use std::time::Duration;

use tonic::transport::{Channel, Endpoint};
use tonic::{Response, Status, Streaming};

use crate::answer::Answer;
use crate::error::Error;
use crate::retry::retried;
use crate::stream::QueryStream;
use crate::v1::kv_indexer_client::KvIndexerClient;
use crate::v1::*;

/// What the server accepts, and more than its messages are.
const MESSAGE_BYTES: usize = 8 << 20;

/// Talks to one kvindexd. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Client {
    rpc: KvIndexerClient<Channel>,
    timeout: Duration,
    attempts: u32,
}

impl Client {
    /// A client of the kvindexd at `host:port`, without encryption. It connects with the first call, which must be made
    /// inside a Tokio runtime, as this one.
    pub fn new(target: &str) -> Result<Self, Error> {
        let endpoint = Endpoint::from_shared(format!("http://{target}"))
            .map_err(|error| Error::InvalidRequest(format!("`target` {target:?}: {error}")))?;
        Ok(Self::with_channel(endpoint.connect_lazy()))
    }

    /// The same over a channel of yours, for TLS and the like.
    pub fn with_channel(channel: Channel) -> Self {
        let rpc = KvIndexerClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES);
        Client { rpc, timeout: Duration::from_secs(5), attempts: 3 }
    }

    /// Sets the deadline of each call, retries included; of a dump, of the wait for each slice. Default: 5 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how often a read that meets UNAVAILABLE is tried in all. Default: 3. Writes are tried once.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The generated client.
    pub fn rpc(&self) -> KvIndexerClient<Channel> {
        self.rpc.clone()
    }

    /// Who holds how much of a prompt, given as token ids.
    pub async fn query(&self, request: impl Into<QueryRequest>) -> Result<Answer, Error> {
        let request = request.into();
        let answer = self.read(|mut rpc| {
            let request = request.clone();
            async move { rpc.query(request).await }
        });
        Ok(answer.await?.result.unwrap_or_default().into())
    }

    /// The same for block hashes: local ones or sequence hashes. A plain list is local ones.
    pub async fn query_by_hash(&self, request: impl Into<QueryByHashRequest>) -> Result<Answer, Error> {
        let request = request.into();
        let answer = self.read(|mut rpc| {
            let request = request.clone();
            async move { rpc.query_by_hash(request).await }
        });
        Ok(answer.await?.result.unwrap_or_default().into())
    }

    /// Opens a stream for many questions in flight, which has no deadline. Must be called inside a Tokio runtime.
    pub fn query_stream(&self) -> QueryStream {
        QueryStream::open(self.rpc())
    }

    /// Subscribes to a worker's events. Does not wait for the worker.
    pub async fn register(&self, request: RegisterRequest) -> Result<(), Error> {
        self.write(|mut rpc| async move { rpc.register(request).await }).await.map(|_| ())
    }

    /// Forgets one worker, or all ranks of an instance. Returns how many workers that were.
    pub async fn unregister(&self, request: UnregisterRequest) -> Result<u64, Error> {
        Ok(self.write(|mut rpc| async move { rpc.unregister(request).await }).await?.removed_workers)
    }

    /// Workers and the state of their event sources. An empty model or tenant: any.
    pub async fn workers(&self, model: &str, tenant: &str) -> Result<Vec<WorkerStatus>, Error> {
        let request = ListWorkersRequest { model: model.to_owned(), tenant: tenant.to_owned() };
        let answer = self.read(|mut rpc| {
            let request = request.clone();
            async move { rpc.list_workers(request).await }
        });
        Ok(answer.await?.workers)
    }

    /// All partitions, in order of their creation.
    pub async fn partitions(&self) -> Result<Vec<PartitionStatus>, Error> {
        let answer = self.read(|mut rpc| async move { rpc.list_partitions(ListPartitionsRequest {}).await });
        Ok(answer.await?.partitions)
    }

    /// Whether the server is ready, and why not.
    pub async fn health(&self) -> Result<GetHealthResponse, Error> {
        self.read(|mut rpc| async move { rpc.get_health(GetHealthRequest {}).await }).await
    }

    /// The REST addresses of the indexers that this one may be recovered from.
    pub async fn peers(&self) -> Result<Vec<String>, Error> {
        Ok(self.read(|mut rpc| async move { rpc.list_peers(ListPeersRequest {}).await }).await?.urls)
    }

    /// Remembers one.
    pub async fn register_peer(&self, url: &str) -> Result<(), Error> {
        let request = RegisterPeerRequest { url: url.to_owned() };
        self.write(|mut rpc| async move { rpc.register_peer(request).await }).await.map(|_| ())
    }

    /// Forgets one.
    pub async fn deregister_peer(&self, url: &str) -> Result<(), Error> {
        let request = DeregisterPeerRequest { url: url.to_owned() };
        self.write(|mut rpc| async move { rpc.deregister_peer(request).await }).await.map(|_| ())
    }

    /// Every block held, in slices, parents before children. An empty model or tenant: any.
    pub async fn dump(&self, model: &str, tenant: &str) -> Result<Dump, Error> {
        let request = DumpRequest { model: model.to_owned(), tenant: tenant.to_owned() };
        let slices = self.read(|mut rpc| {
            let request = request.clone();
            async move { rpc.dump(request).await }
        });
        Ok(Dump { slices: slices.await?, timeout: self.timeout })
    }

    async fn read<T, F, C>(&self, mut call: F) -> Result<T, Error>
    where
        F: FnMut(KvIndexerClient<Channel>) -> C,
        C: Future<Output = Result<Response<T>, Status>>,
    {
        in_time(self.timeout, retried(self.attempts, || call(self.rpc()))).await
    }

    async fn write<T, F, C>(&self, call: F) -> Result<T, Error>
    where
        F: FnOnce(KvIndexerClient<Channel>) -> C,
        C: Future<Output = Result<Response<T>, Status>>,
    {
        let call = call(self.rpc());
        in_time(self.timeout, async move { call.await.map(Response::into_inner) }).await
    }
}

/// The slices of a dump. Dropping it ends the dump.
#[derive(Debug)]
pub struct Dump {
    slices: Streaming<DumpResponse>,
    timeout: Duration,
}

impl Dump {
    /// The next slice, which names its partition; None at the end.
    pub async fn next(&mut self) -> Result<Option<DumpResponse>, Error> {
        in_time(self.timeout, self.slices.message()).await
    }
}

async fn in_time<T>(timeout: Duration, call: impl Future<Output = Result<T, Status>>) -> Result<T, Error> {
    match tokio::time::timeout(timeout, call).await {
        Ok(done) => done.map_err(Error::from),
        Err(_) => Err(Error::DeadlineExceeded),
    }
}

impl From<Vec<u32>> for QueryRequest {
    fn from(token_ids: Vec<u32>) -> Self {
        QueryRequest { token_ids, ..Default::default() }
    }
}

impl From<&[u32]> for QueryRequest {
    fn from(token_ids: &[u32]) -> Self {
        token_ids.to_vec().into()
    }
}

impl From<Vec<u64>> for QueryByHashRequest {
    fn from(block_hashes: Vec<u64>) -> Self {
        QueryByHashRequest { block_hashes, ..Default::default() }
    }
}

impl From<&[u64]> for QueryByHashRequest {
    fn from(block_hashes: &[u64]) -> Self {
        block_hashes.to_vec().into()
    }
}
