//! Which workers hold how much of this prompt? Usage: query [HOST:PORT]

use std::time::Duration;

use kvindex_client::{local_hashes, Client, Error, Hashing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let target = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8091".to_owned());
    let index = Client::new(&target)?.timeout(Duration::from_secs(1));
    let prompt: Vec<u32> = (1..=64).collect();

    let answer = index.query(&prompt[..]).await?;
    for hit in &answer.hits {
        let (worker, rank) = (&hit.worker.instance_id, hit.worker.dp_rank);
        println!("worker {worker} rank {rank}: {} of {} blocks", hit.device_blocks, answer.asked_blocks);
    }
    // The same question with 8 bytes a block, for routers that know the block size.
    if answer.block_size > 0 {
        let hashes = local_hashes(&prompt, answer.block_size as usize, Hashing::default());
        let answer = index.query_by_hash(hashes).await?;
        println!("best: {}", answer.best().map_or("none", |hit| &hit.worker.instance_id));
    }
    Ok(())
}
