package client

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "kvindex/client/kvindexv1"
)

var sixteen = Partition{BlockSize: 16}

func TestScoresOfARealFleet(t *testing.T) {
	index, ctx := filledIndex(t, sixteen), context.Background()
	answer, err := index.Query(ctx, Query{Tokens: prompt(80)})
	if err != nil {
		t.Fatal(err)
	}
	best, found := answer.Best()
	if !found || best.Worker != (Worker{"0", 0}) || best.DeviceBlocks != 4 || len(answer.Hits) != 1 {
		t.Fatalf("answer %+v", answer)
	}
	if answer.AskedBlocks != 5 || answer.BlockSize != 16 || best.TotalBlocks != 4 || best.ThroughExternalBlocks != 4 {
		t.Fatalf("answer %+v", answer)
	}
	hashes := LocalHashes(prompt(64), 16, Hashing{})
	if answer, err = index.QueryByHash(ctx, HashQuery{BlockHashes: hashes}); err != nil || answer.Hits[0] != best {
		t.Fatalf("by hash: %+v %v", answer, err)
	}
}

func TestWorkersDumpAndHealth(t *testing.T) {
	index, ctx := filledIndex(t, sixteen), context.Background()
	blocks := 0
	err := index.Dump(ctx, "", "", func(_ *pb.Partition, event *pb.StoredBlocks) error {
		blocks += len(event.GetLocalHashes())
		return nil
	})
	if err != nil || blocks != 4 {
		t.Fatalf("dump: %d blocks, %v", blocks, err)
	}
	workers, err := index.Workers(ctx, "", "")
	if err != nil || len(workers) != 2 || workers[1].GetWorker().GetInstanceId() != "1" {
		t.Fatalf("workers: %v %v", workers, err)
	}
	if health, err := index.Health(ctx); err != nil || health.GetWorkers() != 2 || !health.GetReady() {
		t.Fatalf("health: %v %v", health, err)
	}
	if n, err := index.Unregister(ctx, Unregistration{Worker: Worker{"0", 0}}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if answer, err := index.Query(ctx, Query{Tokens: prompt(64)}); err != nil || len(answer.Hits) != 0 {
		t.Fatalf("after unregister: %+v %v", answer, err)
	}
	if n, err := index.Unregister(ctx, Unregistration{Worker: Worker{"1", 7}, AllRanks: true}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
}

func TestManyQuestionsOnOneStream(t *testing.T) {
	index, ctx := filledIndex(t, sixteen), context.Background()
	stream, err := index.OpenStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var asking sync.WaitGroup
	for i := 0; i < 200; i++ {
		asking.Add(1)
		go func(blocks uint32) {
			defer asking.Done()
			var question Question = Query{Tokens: prompt(16 * blocks)}
			if blocks == 4 {
				question = HashQuery{BlockHashes: LocalHashes(prompt(64), 16, Hashing{})}
			}
			answer, err := stream.Ask(ctx, question)
			if err != nil {
				t.Error(err)
			} else if best, _ := answer.Best(); best.DeviceBlocks != blocks {
				t.Errorf("%d blocks asked: %+v", blocks, answer)
			}
		}(uint32(i%4) + 1)
	}
	_, err = stream.Ask(ctx, Query{Tokens: make([]uint32, 1048577)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("want ResourceExhausted, got %v", err)
	}
	asking.Wait()
	expired, cancel := context.WithTimeout(ctx, -time.Second)
	defer cancel()
	if _, err = stream.Ask(expired, Query{Tokens: prompt(16)}); err != nil && status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("want DeadlineExceeded or an answer, got %v", err)
	}
	stream.Close()
	if _, err = stream.Ask(ctx, Query{Tokens: prompt(16)}); status.Code(err) != codes.Canceled {
		t.Errorf("want Canceled, got %v", err)
	}
}

func TestErrorsAreStatuses(t *testing.T) {
	index, ctx := startDaemon(t), context.Background()
	worker := Registration{Worker: Worker{"7", 0}, Endpoint: "tcp://127.0.0.1:9", Partition: sixteen}
	nonsense, other := worker, worker
	nonsense.Endpoint = "nonsense"
	other.Worker.Instance, other.Partition.BlockSize = "8", 32
	_, unknown := index.Unregister(ctx, Unregistration{Worker: worker.Worker})
	for _, c := range []struct {
		want codes.Code
		got  error
	}{
		{codes.NotFound, unknown},
		{codes.InvalidArgument, index.Register(ctx, nonsense)},
		{codes.OK, index.Register(ctx, worker)},
		{codes.AlreadyExists, index.Register(ctx, worker)},
		{codes.FailedPrecondition, index.Register(ctx, other)},
	} {
		if status.Code(c.got) != c.want {
			t.Errorf("want %v, got %v", c.want, c.got)
		}
	}
	expired, cancel := context.WithTimeout(ctx, -time.Second)
	defer cancel()
	if _, err := index.Query(expired, Query{Tokens: prompt(16)}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("want DeadlineExceeded, got %v", err)
	}
}

func TestBest(t *testing.T) {
	hit := func(name string, device, host, external uint32, total uint64) Hit {
		return Hit{Worker{name, 0}, device, host, host, external, total, true}
	}
	for want, hits := range map[string][]Hit{
		"":      {},
		"tiers": {hit("device", 1, 1, 1, 5), hit("tiers", 1, 3, 3, 9), hit("external", 1, 2, 9, 0)},
		"less":  {hit("more", 2, 2, 2, 9), hit("less", 2, 2, 2, 8)},
		"host":  {hit("nothing", 0, 0, 0, 0), hit("host", 0, 1, 1, 3)},
	} {
		best, found := (&Answer{Hits: hits}).Best()
		if best.Worker.Instance != want || found != (want != "") {
			t.Errorf("want %q, got %+v", want, best)
		}
	}
	if best, found := (&Answer{Hits: []Hit{hit("nothing", 0, 0, 0, 0)}}).Best(); found {
		t.Errorf("nobody holds anything, but %+v", best)
	}
}
