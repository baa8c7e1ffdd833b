package client

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "kvindex/client/kvindexv1"
)

// held maps instances to blocks on the device.
func held(answer *Answer) map[string]uint32 {
	blocks := map[string]uint32{}
	if answer != nil {
		for _, hit := range answer.Hits {
			blocks[hit.Worker.Instance] = hit.DeviceBlocks
		}
	}
	return blocks
}

func TestQuestionsOfAPartition(t *testing.T) {
	partition := Partition{Model: "m", Tenant: "t", AdditionalSalt: "s", BlockSize: 16}
	index, ctx := filledIndex(t, partition), context.Background()
	in := Scope{Partition: partition}
	scope := func(change func(*Scope)) Scope {
		changed := in
		change(&changed)
		return changed
	}
	hashes := LocalHashes(prompt(64), 16, Hashing{})
	one := map[string]uint32{"0": 4}
	for name, c := range map[string]struct {
		question Question
		want     map[string]uint32
	}{
		"tokens":          {Query{Tokens: prompt(64), Scope: in}, one},
		"local hashes":    {HashQuery{BlockHashes: hashes, Scope: in}, one},
		"sequence hashes": {HashQuery{SequenceHashes: SequenceHashes(hashes), Scope: in}, one},
		"adapter":         {Query{Tokens: prompt(64), Hashing: Hashing{LoRA: "a"}, Scope: in}, nil},
		"salt":            {Query{Tokens: prompt(64), Hashing: Hashing{CacheSalt: "a"}, Scope: in}, nil},
		"bigrams":         {Query{Tokens: prompt(64), Hashing: Hashing{Bigrams: true}, Scope: in}, nil},
		"every worker": {Query{Tokens: prompt(64), Scope: scope(func(s *Scope) { s.EveryWorker = true })},
			map[string]uint32{"0": 4, "1": 0}},
		"best": {Query{Tokens: prompt(64), Scope: scope(func(s *Scope) { s.EveryWorker, s.MaxHits = true, 1 })}, one},
		"workers": {Query{Tokens: prompt(64), Scope: scope(func(s *Scope) {
			s.EveryWorker, s.Workers, s.Instances = true, []Worker{{"0", 7}}, []string{"1"}
		})}, map[string]uint32{"1": 0}},
	} {
		var answer *Answer
		var err error
		switch question := c.question.(type) {
		case Query:
			answer, err = index.Query(ctx, question)
		case HashQuery:
			answer, err = index.QueryByHash(ctx, question)
		}
		if c.want == nil {
			c.want = map[string]uint32{}
		}
		if got := held(answer); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: want %v, got %v %v", name, c.want, got, err)
		}
	}
	_, err := index.Query(ctx, Query{Tokens: prompt(64), Scope: Scope{Partition: Partition{Model: "other"}}})
	if status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), "other") {
		t.Errorf("want NotFound, got %v", err)
	}
}

func TestPartitionsAreListedAndLeft(t *testing.T) {
	partition := Partition{Model: "m", Tenant: "t", AdditionalSalt: "s", BlockSize: 16}
	index, ctx := filledIndex(t, partition), context.Background()
	pool := Registration{Worker: Worker{Instance: "p"}, Endpoint: "tcp://127.0.0.1:9", Partition: partition, Pool: true}
	pool.LoRA = "l"
	if err := index.Register(ctx, pool); err != nil {
		t.Fatal(err)
	}
	partitions, err := index.Partitions(ctx)
	if err != nil || len(partitions) != 1 || partitions[0].GetWorkers() != 2 || partitions[0].GetPools() != 1 {
		t.Fatalf("partitions: %v %v", partitions, err)
	}
	workers, err := index.Workers(ctx, "m", "t")
	if err != nil || len(workers) != 3 || workers[2].GetLoraName() != "l" ||
		workers[2].GetKind() != pb.SourceKind_SOURCE_KIND_POOL || workers[0].GetAdditionalSalt() != "s" {
		t.Fatalf("workers: %v %v", workers, err)
	}
	if workers, err = index.Workers(ctx, "other", ""); err != nil || len(workers) != 0 {
		t.Fatalf("workers of another model: %v %v", workers, err)
	}
	blocks := 0
	err = index.Dump(ctx, "m", "t", func(of *pb.Partition, event *pb.StoredBlocks) error {
		if of.GetModel() != "m" || of.GetTenant() != "t" || of.GetAdditionalSalt() != "s" || of.GetBlockSizeTokens() != 16 {
			t.Errorf("partition %v", of)
		}
		blocks += len(event.GetEngineHashes())
		return nil
	})
	if err != nil || blocks != 4 {
		t.Fatalf("dump: %d %v", blocks, err)
	}
	if n, err := index.Unregister(ctx, Unregistration{Worker: Worker{"0", 0}, Partition: partition}); n != 1 || err != nil {
		t.Fatalf("unregister: %d %v", n, err)
	}
}

func TestPeers(t *testing.T) {
	index, ctx := startDaemon(t), context.Background()
	for _, url := range []string{"http://10.0.0.8:8090", "http://10.0.0.9:8090"} {
		if err := index.RegisterPeer(ctx, url); err != nil {
			t.Fatal(err)
		}
	}
	if err := index.DeregisterPeer(ctx, "http://10.0.0.8:8090"); err != nil {
		t.Fatal(err)
	}
	if err := index.DeregisterPeer(ctx, "http://10.0.0.8:8090"); status.Code(err) != codes.NotFound {
		t.Fatalf("want NotFound, got %v", err)
	}
	if peers, err := index.Peers(ctx); err != nil || !reflect.DeepEqual(peers, []string{"http://10.0.0.9:8090"}) {
		t.Fatalf("peers: %v %v", peers, err)
	}
}
