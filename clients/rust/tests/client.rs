//! The client against a real daemon that follows simulated engines.

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::Duration;

use kvindex_client::v1::{GetHealthResponse, RegisterRequest, UnregisterRequest};
use kvindex_client::{local_hashes, Client, Error, Hashing, Worker};
use support::{prompt, start_daemon, start_filled};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn scores_of_a_real_fleet() {
    let daemon = start_filled("").await;
    let answer = daemon.client.query(prompt(80)).await.unwrap();
    assert_eq!((answer.asked_blocks, answer.block_size, answer.hits.len()), (5, 16, 1));
    let best = answer.best().unwrap();
    assert_eq!(best.worker, Worker { instance_id: "0".to_owned(), dp_rank: 0 });
    assert_eq!((best.device_blocks, best.through_external_blocks, best.total_blocks), (4, 4, 4));
    let hashes = local_hashes(&prompt(64), 16, Hashing::default());
    assert_eq!(daemon.client.query_by_hash(hashes).await.unwrap().best(), Some(best));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn workers_dump_and_health() {
    let daemon = start_filled("").await;
    let workers = daemon.client.workers("", "").await.unwrap();
    let names: Vec<_> = workers.iter().map(|status| status.worker.as_ref().unwrap().instance_id.as_str()).collect();
    assert_eq!(names, ["0", "1"]);
    let mut dump = daemon.client.dump("", "").await.unwrap();
    let mut blocks = 0;
    while let Some(slice) = dump.next().await.unwrap() {
        blocks += slice.events.iter().map(|event| event.local_hashes.len()).sum::<usize>();
    }
    assert_eq!(blocks, 4);
    let GetHealthResponse { ready, workers, .. } = daemon.client.health().await.unwrap();
    assert_eq!((ready, workers), (true, 2));
    let zero = UnregisterRequest { instance_id: "0".to_owned(), ..Default::default() };
    assert_eq!(daemon.client.unregister(zero).await, Ok(1));
    assert!(daemon.client.query(prompt(64)).await.unwrap().hits.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn many_questions_on_one_stream() {
    let daemon = start_filled("").await;
    let stream = daemon.client.query_stream();
    let asked: Vec<_> = (0..200u32)
        .map(|i| {
            let stream = stream.clone();
            tokio::spawn(async move {
                let blocks = i % 4 + 1;
                let answer = match blocks {
                    4 => stream.ask(local_hashes(&prompt(64), 16, Hashing::default())).await,
                    _ => stream.ask(prompt(16 * blocks)).await,
                };
                assert_eq!(answer.unwrap().best().unwrap().device_blocks, blocks);
            })
        })
        .collect();
    assert!(matches!(stream.ask(vec![1u32; 1048577]).await, Err(Error::TooLarge(_))));
    for task in asked {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_stream_that_ended_says_so() {
    let daemon = start_daemon();
    let stream = daemon.client.query_stream();
    assert!(stream.ask(prompt(16)).await.unwrap().hits.is_empty());
    drop(daemon); // waits until it has stopped
    for _ in 0..3 {
        assert!(stream.ask(prompt(16)).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn errors_have_kinds_and_messages() {
    let daemon = start_daemon();
    let client = &daemon.client;
    let worker = |instance: &str, endpoint: &str, block_size_tokens| RegisterRequest {
        instance_id: instance.to_owned(),
        endpoint: endpoint.to_owned(),
        block_size_tokens,
        ..Default::default()
    };
    let nobody = UnregisterRequest { instance_id: "nobody".to_owned(), ..Default::default() };
    let error = client.unregister(nobody).await.unwrap_err();
    assert!(matches!(&error, Error::NotFound(text) if text.contains("nobody")), "{error}");
    assert!(matches!(client.register(worker("a", "nonsense", 16)).await, Err(Error::InvalidRequest(_))));
    client.register(worker("a", "tcp://127.0.0.1:9", 16)).await.unwrap();
    let again = client.register(worker("a", "tcp://127.0.0.1:9", 16)).await;
    assert!(matches!(again, Err(Error::AlreadyRegistered(_))));
    let other = client.register(worker("b", "tcp://127.0.0.1:9", 32)).await;
    assert!(matches!(other, Err(Error::BlockSizeConflict(_))));
    assert!(matches!(client.query(vec![1; 1048577]).await, Err(Error::TooLarge(_))));
    assert!(matches!(Client::new("no host"), Err(Error::InvalidRequest(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nobody_there_and_nobody_answering() {
    let nobody = Client::new("127.0.0.1:9").unwrap();
    assert!(matches!(nobody.query(prompt(16)).await, Err(Error::Unavailable(_))));
    assert!(matches!(nobody.query_stream().ask(prompt(16)).await, Err(Error::Unavailable(_))));
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap().to_string();
    let client = Client::new(&target).unwrap().timeout(Duration::from_millis(200));
    assert_eq!(client.query(prompt(16)).await, Err(Error::DeadlineExceeded));
    assert!(matches!(client.dump("", "").await, Err(Error::DeadlineExceeded)));
}

/// A server that is too busy for every call, as far as gRPC needs one: the answer to each is a header block that says
/// UNAVAILABLE. Returns its address and a count of the calls.
async fn start_busy() -> (String, Arc<AtomicU32>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let counted = counted.clone();
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(socket).await.unwrap();
                while let Some(Ok((_request, mut respond))) = connection.accept().await {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let answer = http::Response::builder()
                        .header("content-type", "application/grpc")
                        .header("grpc-status", "14")
                        .header("grpc-message", "busy")
                        .body(())
                        .unwrap();
                    respond.send_response(answer, true).unwrap();
                }
            });
        }
    });
    (address, calls)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn reads_are_tried_again_and_writes_never_are() {
    let (address, calls) = start_busy().await;
    let client = Client::new(&address).unwrap();
    let busy = Error::Unavailable("busy".to_owned());
    assert_eq!(client.query(prompt(16)).await, Err(busy.clone()));
    assert_eq!(calls.swap(0, Ordering::SeqCst), 3);
    assert_eq!(client.clone().attempts(1).peers().await, Err(busy.clone()));
    assert_eq!(calls.swap(0, Ordering::SeqCst), 1);
    assert_eq!(client.register(RegisterRequest::default()).await, Err(busy.clone()));
    assert_eq!(client.register_peer("http://a").await, Err(busy));
    assert_eq!(calls.swap(0, Ordering::SeqCst), 2);
}
