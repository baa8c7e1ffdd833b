use std::cmp::Reverse;

use crate::v1::{QueryResult, SourceState};

/// What a request can be sent to: one data-parallel rank of one engine deployment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    pub instance_id: String,
    pub dp_rank: u32,
}

/// One worker's share of a prompt, in blocks. The counts through the tiers are cumulative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub worker: Worker,
    /// Leading blocks held on the device without a gap.
    pub device_blocks: u32,
    pub through_host_blocks: u32,
    pub through_disk_blocks: u32,
    pub through_external_blocks: u32,
    /// All blocks the worker holds on the device, of any prompt.
    pub total_blocks: u64,
    /// Every event of the worker was applied.
    pub exact: bool,
}

/// How much of one prompt workers hold: those that hold at least the first block, unless all were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub hits: Vec<Hit>,
    /// Whole blocks of the prompt.
    pub asked_blocks: u64,
    /// Tokens a block; 0: nothing is registered.
    pub block_size: u32,
}

impl Answer {
    /// The hit with most blocks on the device, then through host, disk and external memory; of equal ones, the worker
    /// with fewer blocks in all. None when nobody holds anything.
    pub fn best(&self) -> Option<&Hit> {
        let holding = self.hits.iter().filter(|hit| hit.through_external_blocks > 0);
        holding.rev().max_by_key(|hit| {
            (
                hit.device_blocks,
                hit.through_host_blocks,
                hit.through_disk_blocks,
                hit.through_external_blocks,
                Reverse(hit.total_blocks),
            )
        })
    }
}

impl From<QueryResult> for Answer {
    fn from(result: QueryResult) -> Self {
        let hit = |hit: crate::v1::Hit| {
            let exact = hit.state() == SourceState::Exact;
            let worker = hit.worker.unwrap_or_default();
            Hit {
                worker: Worker { instance_id: worker.instance_id, dp_rank: worker.dp_rank },
                device_blocks: hit.device_blocks,
                through_host_blocks: hit.through_host_blocks,
                through_disk_blocks: hit.through_disk_blocks,
                through_external_blocks: hit.through_external_blocks,
                total_blocks: hit.total_blocks,
                exact,
            }
        };
        Answer {
            hits: result.hits.into_iter().map(hit).collect(),
            asked_blocks: result.asked_blocks,
            block_size: result.block_size_tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(name: &str, device: u32, host: u32, external: u32, total: u64) -> Hit {
        Hit {
            worker: Worker { instance_id: name.to_owned(), dp_rank: 0 },
            device_blocks: device,
            through_host_blocks: host,
            through_disk_blocks: host,
            through_external_blocks: external,
            total_blocks: total,
            exact: true,
        }
    }

    #[test]
    fn the_best_hit() {
        let best = |hits: &[Hit]| {
            let answer = Answer { hits: hits.to_vec(), ..Default::default() };
            answer.best().map(|hit| hit.worker.instance_id.clone())
        };
        let nothing = hit("nothing", 0, 0, 0, 0);
        assert_eq!(best(&[]), None);
        assert_eq!(best(std::slice::from_ref(&nothing)), None);
        assert_eq!(best(&[nothing, hit("host", 0, 1, 1, 3)]).unwrap(), "host");
        assert_eq!(best(&[hit("more", 2, 2, 2, 9), hit("less", 2, 2, 2, 8)]).unwrap(), "less");
        assert_eq!(best(&[hit("first", 2, 2, 2, 8), hit("second", 2, 2, 2, 8)]).unwrap(), "first");
        let tiers = [hit("device", 1, 1, 1, 5), hit("tiers", 1, 3, 3, 9), hit("external", 1, 2, 9, 0)];
        assert_eq!(best(&tiers).unwrap(), "tiers");
    }
}
