package client

import (
	pb "kvindex/client/kvindexv1"
)

// Worker is what a request can be sent to: one data-parallel rank of one engine deployment.
type Worker struct {
	Instance string
	Rank     uint32
}

// Partition names one index. Empty names mean `default`; a BlockSize of 0 (tokens) and an empty AdditionalSalt mean
// whatever there is, or at registration the server's.
type Partition struct {
	Model          string
	Tenant         string
	AdditionalSalt string
	BlockSize      uint32
}

// Registration says which worker to follow.
type Registration struct {
	Worker         Worker
	Endpoint       string // of ZMQ, where the engine publishes
	ReplayEndpoint string // where it replays past batches, if anywhere
	Partition      Partition
	LoRA           string // the adapter of events that name none themselves
	Pool           bool   // a store that all workers of the partition can load from
}

func (r Registration) message() *pb.RegisterRequest {
	kind := pb.SourceKind_SOURCE_KIND_ENGINE
	if r.Pool {
		kind = pb.SourceKind_SOURCE_KIND_POOL
	}
	return &pb.RegisterRequest{
		InstanceId:      r.Worker.Instance,
		DpRank:          r.Worker.Rank,
		Endpoint:        r.Endpoint,
		ReplayEndpoint:  r.ReplayEndpoint,
		BlockSizeTokens: r.Partition.BlockSize,
		Kind:            kind,
		Model:           r.Partition.Model,
		Tenant:          r.Partition.Tenant,
		AdditionalSalt:  r.Partition.AdditionalSalt,
		LoraName:        r.LoRA,
	}
}

// Unregistration says which worker to forget.
type Unregistration struct {
	Worker    Worker
	AllRanks  bool // of the instance, whatever Worker.Rank says
	Partition Partition
}

func (u Unregistration) message() *pb.UnregisterRequest {
	request := &pb.UnregisterRequest{
		InstanceId:      u.Worker.Instance,
		Model:           u.Partition.Model,
		Tenant:          u.Partition.Tenant,
		AdditionalSalt:  u.Partition.AdditionalSalt,
		BlockSizeTokens: u.Partition.BlockSize,
	}
	if !u.AllRanks {
		request.Rank = &pb.UnregisterRequest_DpRank{DpRank: u.Worker.Rank}
	}
	return request
}

// Hashing is what is hashed together with tokens.
type Hashing struct {
	LoRA      string
	CacheSalt string
	Bigrams   bool // a block's hash covers the token behind the block too, as for EAGLE
}

// Scope is where a question is asked, and how much of the answer is wanted.
type Scope struct {
	Partition   Partition
	Workers     []Worker // asked about; with Instances. None of either: all
	Instances   []string // asked about, with all their ranks
	MaxHits     uint32   // at most so many hits, the best ones, best first. 0: all
	EveryWorker bool     // also workers that hold nothing, with zeros
}

func (s Scope) candidates() []*pb.Candidate {
	var all []*pb.Candidate
	for _, worker := range s.Workers {
		all = append(all, &pb.Candidate{
			InstanceId: worker.Instance,
			Rank:       &pb.Candidate_DpRank{DpRank: worker.Rank},
		})
	}
	for _, instance := range s.Instances {
		all = append(all, &pb.Candidate{InstanceId: instance})
	}
	return all
}

// Question is a Query or a HashQuery.
type Question interface {
	streamRequest(id uint64) *pb.QueryStreamRequest
}

// Query is a prompt as token ids.
type Query struct {
	Tokens []uint32
	Hashing
	Scope
}

func (q Query) message() *pb.QueryRequest {
	return &pb.QueryRequest{
		TokenIds:        q.Tokens,
		Bigrams:         q.Bigrams,
		Model:           q.Partition.Model,
		Tenant:          q.Partition.Tenant,
		AdditionalSalt:  q.Partition.AdditionalSalt,
		BlockSizeTokens: q.Partition.BlockSize,
		LoraName:        q.LoRA,
		CacheSalt:       q.CacheSalt,
		Candidates:      q.candidates(),
		MaxHits:         q.MaxHits,
		EveryWorker:     q.EveryWorker,
	}
}

func (q Query) streamRequest(id uint64) *pb.QueryStreamRequest {
	return &pb.QueryStreamRequest{RequestId: id, Question: &pb.QueryStreamRequest_Query{Query: q.message()}}
}

// HashQuery is a prompt as hashes of its blocks, of one of the two kinds: see LocalHashes and SequenceHashes.
type HashQuery struct {
	BlockHashes    []uint64
	SequenceHashes []uint64
	Scope
}

func (q HashQuery) message() *pb.QueryByHashRequest {
	return &pb.QueryByHashRequest{
		BlockHashes:     q.BlockHashes,
		SequenceHashes:  q.SequenceHashes,
		Model:           q.Partition.Model,
		Tenant:          q.Partition.Tenant,
		AdditionalSalt:  q.Partition.AdditionalSalt,
		BlockSizeTokens: q.Partition.BlockSize,
		Candidates:      q.candidates(),
		MaxHits:         q.MaxHits,
		EveryWorker:     q.EveryWorker,
	}
}

func (q HashQuery) streamRequest(id uint64) *pb.QueryStreamRequest {
	return &pb.QueryStreamRequest{RequestId: id, Question: &pb.QueryStreamRequest_QueryByHash{QueryByHash: q.message()}}
}
