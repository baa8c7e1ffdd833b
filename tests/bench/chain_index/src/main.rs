//! Plays an operation file through SMG's ChainIndex, as ../index_bench.c plays it through kvindex: one
//! thread, windows of queries and then events, input converted outside the clock. One line of JSON.
//!
//!     chain-index-bench FILE.ops
//!
//! The format is described in ../index_workload.h. `checksum` is the sum of score * (worker + 1) over all
//! answers, in the replay and in the lookups: two indexes with the same one gave the same answers.

use kv_index::{ChainBlockMap, ChainIndex, ContentHash, SequenceHash, StoredBlock};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Query = Vec<ContentHash>;

enum Event {
    Store(u32, Option<SequenceHash>, Vec<StoredBlock>),
    Remove(u32, Vec<SequenceHash>),
}

impl Event {
    fn blocks(&self) -> usize {
        match self {
            Event::Store(_, _, blocks) => blocks.len(),
            Event::Remove(_, hashes) => hashes.len(),
        }
    }
}

enum Record {
    Query(Query),
    Event(Event),
}

struct Reader<'a> {
    data: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, n: usize) -> &[u8] {
        let (head, tail) = self.data.split_at(n);
        self.data = tail;
        head
    }
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }
    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }
    fn column(&mut self, n: u32) -> Vec<u64> {
        (0..n).map(|_| self.u64()).collect()
    }

    fn record(&mut self) -> Option<Record> {
        if self.data.is_empty() {
            return None;
        }
        let kind = self.take(1)[0];
        let (worker, n, parent) = (self.u32(), self.u32(), self.u64());
        let first = self.column(n);
        Some(match kind {
            0 => Record::Query(first.into_iter().map(ContentHash).collect()),
            1 => {
                let blocks = first.into_iter().zip(self.column(n));
                let blocks = blocks.map(|(local, engine)| StoredBlock {
                    seq_hash: SequenceHash(engine),
                    content_hash: ContentHash(local),
                });
                let parent = (parent != 0).then_some(SequenceHash(parent));
                Record::Event(Event::Store(worker, parent, blocks.collect()))
            }
            2 => Record::Event(Event::Remove(worker, first.into_iter().map(SequenceHash).collect())),
            _ => panic!("a record of type {kind}"),
        })
    }
}

struct Bench {
    index: ChainIndex,
    lanes: Vec<ChainBlockMap>,
    checksum: u64,
    errors: u64,
}

impl Bench {
    fn new(workers: u32) -> Self {
        let index = ChainIndex::with_max_workers(workers as usize);
        for worker in 0..workers {
            assert_eq!(index.intern_worker(&worker.to_string()).ok(), Some(worker));
        }
        let lanes = (0..workers).map(|_| ChainBlockMap::default()).collect();
        Bench { index, lanes, checksum: 0, errors: 0 }
    }

    fn query(&mut self, prompt: &Query) {
        let mut sum = 0;
        let report = |worker: u32, score: u32| sum += u64::from(score) * (u64::from(worker) + 1);
        self.index.score_into(prompt, |content| content.0, false, report);
        self.checksum = self.checksum.wrapping_add(sum);
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Store(worker, parent, blocks) => {
                let lane = &mut self.lanes[*worker as usize];
                self.errors += u64::from(self.index.apply_stored(*worker, blocks, *parent, lane).is_err());
            }
            Event::Remove(worker, hashes) => {
                self.index.apply_removed(*worker, hashes, &mut self.lanes[*worker as usize]);
            }
        }
    }
}

/// Queries, then the events up to the next query.
fn window(reader: &mut Reader, pending: &mut Option<Record>) -> (Vec<Query>, Vec<Event>) {
    let (mut queries, mut events) = (Vec::new(), Vec::new());
    loop {
        match pending.take().or_else(|| reader.record()) {
            None => return (queries, events),
            Some(Record::Query(query)) if events.is_empty() => queries.push(query),
            Some(Record::Event(event)) => events.push(event),
            query => {
                *pending = query;
                return (queries, events);
            }
        }
    }
}

fn workers_in(data: &[u8]) -> u32 {
    let (mut reader, mut workers) = (Reader { data }, 1);
    while let Some(record) = reader.record() {
        if let Record::Event(Event::Store(worker, ..) | Event::Remove(worker, _)) = record {
            workers = workers.max(worker + 1);
        }
    }
    workers
}

fn allocated() -> usize {
    tikv_jemalloc_ctl::epoch::advance().expect("statistics");
    tikv_jemalloc_ctl::stats::allocated::read().expect("statistics")
}

struct Timed {
    queries: [u128; 2], // nanoseconds, blocks
    events: [u128; 2],
}

/// Inputs live no longer than their window: what stays allocated is the index.
fn replay(bench: &mut Bench, data: &[u8]) -> Timed {
    let (mut reader, mut pending) = (Reader { data }, None);
    let mut timed = Timed { queries: [0; 2], events: [0; 2] };
    loop {
        let (queries, events) = window(&mut reader, &mut pending);
        if queries.is_empty() && events.is_empty() {
            return timed;
        }
        let then = Instant::now();
        queries.iter().for_each(|query| bench.query(query));
        timed.queries[0] += then.elapsed().as_nanos();
        let then = Instant::now();
        events.iter().for_each(|event| bench.apply(event));
        timed.events[0] += then.elapsed().as_nanos();
        timed.queries[1] += queries.iter().map(Vec::len).sum::<usize>() as u128;
        timed.events[1] += events.iter().map(Event::blocks).sum::<usize>() as u128;
    }
}

/// The file's queries in random order, each in memory of its own that lies in the order of the asking.
fn shuffled(data: &[u8]) -> Vec<Query> {
    let (mut reader, mut queries) = (Reader { data }, Vec::new());
    while let Some(record) = reader.record() {
        if let Record::Query(query) = record {
            queries.push(query);
        }
    }
    let mut random = 88_172_645_463_325_252_u64;
    for left in (1..queries.len()).rev() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        queries.swap(left, (random % (left as u64 + 1)) as usize);
    }
    queries.iter().cloned().collect()
}

/// Nanoseconds of each, sorted. As many passes as index_bench makes. Warm: the query's hashes are in the cache.
fn lookups(bench: &mut Bench, queries: &[Query], warm: bool) -> Vec<u128> {
    let passes = if queries.len() < 4000 { 12000 / (queries.len() + 1) + 1 } else { 3 };
    let mut times = Vec::with_capacity(queries.len() * passes);
    for query in (0..passes).flat_map(|_| queries) {
        if warm {
            std::hint::black_box(query.iter().fold(0, |sum: u64, hash| sum.wrapping_add(hash.0)));
        }
        let then = Instant::now();
        bench.query(query);
        times.push(then.elapsed().as_nanos());
    }
    times.sort_unstable();
    times
}

fn main() {
    let path = std::env::args().nth(1).expect("usage: chain-index-bench FILE.ops");
    let data = std::fs::read(&path).expect("the operation file");
    let workers = workers_in(&data);
    let before = allocated();
    let mut bench = Bench::new(workers);
    let Timed { queries, events } = replay(&mut bench, &data);
    let (bytes, held) = (allocated() - before, bench.index.current_size());
    let queries_again = shuffled(&data);
    let cold = lookups(&mut bench, &queries_again, false);
    let warm = lookups(&mut bench, &queries_again, true);
    let (blocks, ns) = (queries[1] + events[1], queries[0] + events[0]);
    let p50 = |times: &[u128]| times[times.len() / 2] as f64 / 1e3;
    let p99 = |times: &[u128]| times[times.len() / 100 * 99] as f64 / 1e3;
    println!(
        "{{\"index\":\"chain_index\",\"workers\":{workers},\"mops\":{:.2},\"query_ns_per_block\":{:.2},\
         \"event_ns_per_block\":{:.2},\"holder_blocks\":{held},\"bytes\":{bytes},\"bytes_per_holder_block\":{:.2},\
         \"lookup_us\":{{\"p50\":{:.2},\"p99\":{:.2},\"warm_p50\":{:.2},\"warm_p99\":{:.2}}},\"errors\":{},\"checksum\":{}}}",
        blocks as f64 * 1e3 / ns as f64,
        queries[0] as f64 / queries[1] as f64,
        events[0] as f64 / events[1] as f64,
        bytes as f64 / held as f64,
        p50(&cold),
        p99(&cold),
        p50(&warm),
        p99(&warm),
        bench.errors,
        bench.checksum
    );
}
