package client

import (
	pb "kvindex/client/kvindexv1"
)

// Hit is one worker's share of a prompt, in blocks. The counts through the tiers are cumulative.
type Hit struct {
	Worker                Worker
	DeviceBlocks          uint32 // leading blocks held on the device without a gap
	ThroughHostBlocks     uint32
	ThroughDiskBlocks     uint32
	ThroughExternalBlocks uint32
	TotalBlocks           uint64 // all blocks the worker holds on the device, of any prompt
	Exact                 bool   // every event of the worker was applied
}

// Answer tells how much of a prompt workers hold: those that hold at least the first block, unless all were asked for.
type Answer struct {
	Hits        []Hit
	AskedBlocks uint64 // whole blocks of the prompt
	BlockSize   uint32 // tokens a block
}

// Best returns the hit with most blocks on the device, then through host, disk and external memory; of equal ones, the
// worker with fewer blocks in all. False when nobody holds anything.
func (a *Answer) Best() (Hit, bool) {
	var best Hit
	for _, hit := range a.Hits {
		if hit.betterThan(best) {
			best = hit
		}
	}
	return best, best.ThroughExternalBlocks > 0
}

func (h Hit) betterThan(other Hit) bool {
	for _, counts := range [][2]uint32{
		{h.DeviceBlocks, other.DeviceBlocks},
		{h.ThroughHostBlocks, other.ThroughHostBlocks},
		{h.ThroughDiskBlocks, other.ThroughDiskBlocks},
		{h.ThroughExternalBlocks, other.ThroughExternalBlocks},
	} {
		if counts[0] != counts[1] {
			return counts[0] > counts[1]
		}
	}
	return h.TotalBlocks < other.TotalBlocks
}

func answerOf(result *pb.QueryResult) *Answer {
	answer := &Answer{AskedBlocks: result.GetAskedBlocks(), BlockSize: result.GetBlockSizeTokens()}
	for _, hit := range result.GetHits() {
		answer.Hits = append(answer.Hits, Hit{
			Worker:                Worker{hit.GetWorker().GetInstanceId(), hit.GetWorker().GetDpRank()},
			DeviceBlocks:          hit.GetDeviceBlocks(),
			ThroughHostBlocks:     hit.GetThroughHostBlocks(),
			ThroughDiskBlocks:     hit.GetThroughDiskBlocks(),
			ThroughExternalBlocks: hit.GetThroughExternalBlocks(),
			TotalBlocks:           hit.GetTotalBlocks(),
			Exact:                 hit.GetState() == pb.SourceState_SOURCE_STATE_EXACT,
		})
	}
	return answer
}
