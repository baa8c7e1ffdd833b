//! Partitions, candidates, sequence hashes, pools and peers, against a real daemon.

mod support;

use std::collections::BTreeMap;

use kvindex_client::v1::candidate::Rank;
use kvindex_client::v1::{Candidate, QueryByHashRequest, QueryRequest, RegisterRequest, SourceKind, UnregisterRequest};
use kvindex_client::{local_hashes, sequence_hashes, Answer, Error, Hashing};
use support::{prompt, start_daemon, start_filled};

/// Instances and their blocks on the device.
fn held(answer: &Answer) -> BTreeMap<&str, u32> {
    answer.hits.iter().map(|hit| (hit.worker.instance_id.as_str(), hit.device_blocks)).collect()
}

fn tokens() -> QueryRequest {
    QueryRequest { token_ids: prompt(64), model: "m".to_owned(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn questions_of_a_partition() {
    let daemon = start_filled("m").await;
    let stream = daemon.client.query_stream();
    let one = BTreeMap::from([("0", 4)]);
    let candidates = vec![
        Candidate { instance_id: "0".to_owned(), rank: Some(Rank::DpRank(7)) },
        Candidate { instance_id: "1".to_owned(), rank: None },
    ];
    let every = QueryRequest { every_worker: true, ..tokens() };
    for (question, want) in [
        (tokens(), one.clone()),
        (QueryRequest { lora_name: "a".to_owned(), ..tokens() }, BTreeMap::new()),
        (QueryRequest { cache_salt: "a".to_owned(), ..tokens() }, BTreeMap::new()),
        (QueryRequest { bigrams: true, ..tokens() }, BTreeMap::new()),
        (every.clone(), BTreeMap::from([("0", 4), ("1", 0)])),
        (QueryRequest { max_hits: 1, ..every.clone() }, one.clone()),
        (QueryRequest { candidates, ..every }, BTreeMap::from([("1", 0)])),
    ] {
        assert_eq!(held(&daemon.client.query(question.clone()).await.unwrap()), want);
        assert_eq!(held(&stream.ask(question).await.unwrap()), want);
    }
    let block_hashes = local_hashes(&prompt(64), 16, Hashing::default());
    let m = QueryByHashRequest { model: "m".to_owned(), ..Default::default() };
    for question in [
        QueryByHashRequest { sequence_hashes: sequence_hashes(&block_hashes), ..m.clone() },
        QueryByHashRequest { block_hashes, ..m },
    ] {
        assert_eq!(held(&daemon.client.query_by_hash(question.clone()).await.unwrap()), one);
        assert_eq!(held(&stream.ask(question).await.unwrap()), one);
    }
    let other = QueryRequest { model: "other".to_owned(), ..tokens() };
    assert!(matches!(stream.ask(other).await, Err(Error::NotFound(text)) if text.contains("other")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn partitions_are_listed_dumped_and_left() {
    let daemon = start_filled("m").await;
    let pool = RegisterRequest {
        instance_id: "p".to_owned(),
        endpoint: "tcp://127.0.0.1:9".to_owned(),
        block_size_tokens: 16,
        model: "m".to_owned(),
        kind: SourceKind::Pool.into(),
        ..Default::default()
    };
    daemon.client.register(pool).await.unwrap();
    let partitions = daemon.client.partitions().await.unwrap();
    assert_eq!((partitions.len(), partitions[0].workers, partitions[0].pools), (1, 2, 1));
    let workers = daemon.client.workers("m", "").await.unwrap();
    assert_eq!((workers.len(), workers[2].kind()), (3, SourceKind::Pool));
    assert!(daemon.client.workers("other", "").await.unwrap().is_empty());
    let mut dump = daemon.client.dump("m", "").await.unwrap();
    let mut blocks = 0;
    while let Some(slice) = dump.next().await.unwrap() {
        assert_eq!(slice.partition.unwrap().model, "m");
        blocks += slice.events.iter().map(|event| event.engine_hashes.len()).sum::<usize>();
    }
    assert_eq!(blocks, 4);
    let zero = UnregisterRequest { instance_id: "0".to_owned(), model: "m".to_owned(), ..Default::default() };
    assert_eq!(daemon.client.unregister(zero).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn peers() {
    let daemon = start_daemon();
    let client = &daemon.client;
    client.register_peer("http://10.0.0.8:8090").await.unwrap();
    client.register_peer("http://10.0.0.9:8090").await.unwrap();
    client.deregister_peer("http://10.0.0.8:8090").await.unwrap();
    assert_eq!(client.peers().await.unwrap(), ["http://10.0.0.9:8090"]);
    assert!(matches!(client.deregister_peer("http://10.0.0.8:8090").await, Err(Error::NotFound(_))));
}
