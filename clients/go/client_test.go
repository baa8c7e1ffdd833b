package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "kvindex/client/kvindexv1"
)

// program starts a program of the build folder and returns its first line of output and its standard input.
func program(t *testing.T, name string, arguments ...string) (string, *bufio.Reader, io.Writer) {
	t.Helper()
	build := os.Getenv("KVINDEX_BUILD")
	if build == "" {
		build = filepath.Join("..", "..", "build", "release")
	}
	command := exec.Command(filepath.Join(build, name), arguments...)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	reader := bufio.NewReaderSize(output, 1<<20)
	line, err := reader.ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return line, reader, input
}

func startDaemon(t *testing.T) *Client {
	t.Helper()
	line, _, _ := program(t, "kvindexd", "--port", "0", "--grpc-port", "0", "--log-level", "error")
	address := regexp.MustCompile(`grpc=(\S+)`).FindStringSubmatch(line)
	if address == nil {
		t.Fatalf("unexpected first line: %q", line)
	}
	index, err := Dial(address[1], 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { index.Close() })
	return index
}

// fleet is two simulated engines of which worker 0 holds the prompt 1..64.
type fleet struct {
	Workers []struct {
		Endpoint       string `json:"endpoint"`
		ReplayEndpoint string `json:"replay_endpoint"`
	} `json:"workers"`
}

func startFleet(t *testing.T, prompt []uint32) fleet {
	t.Helper()
	line, output, input := program(t, "kvindex-simulator", "--workers", "2")
	var f fleet
	if err := json.Unmarshal([]byte(line), &f); err != nil {
		t.Fatal(err)
	}
	tokens, _ := json.Marshal(prompt)
	fmt.Fprintf(input, "prompt 0 %s\n", tokens)
	if answer, err := output.ReadString('\n'); err != nil || answer != "{\"ok\":true}\n" {
		t.Fatalf("simulator: %q %v", answer, err)
	}
	return f
}

func prompt(n uint32) []uint32 {
	tokens := make([]uint32, n)
	for i := range tokens {
		tokens[i] = uint32(i + 1)
	}
	return tokens
}

func TestScoresOfARealFleet(t *testing.T) {
	index, ctx := startDaemon(t), context.Background()
	for i, worker := range startFleet(t, prompt(64)).Workers {
		err := index.Register(ctx, Registration{Worker{fmt.Sprint(i), 0}, worker.Endpoint, worker.ReplayEndpoint, 16})
		if err != nil {
			t.Fatal(err)
		}
	}
	var answer *Answer
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var err error
		if answer, err = index.Query(ctx, prompt(80)); err != nil {
			t.Fatal(err)
		}
		if len(answer.Hits) > 0 {
			break
		}
	}
	best, found := answer.Best()
	if !found || best.Worker != (Worker{"0", 0}) || best.DeviceBlocks != 4 || len(answer.Hits) != 1 {
		t.Fatalf("answer %+v", answer)
	}
	if answer.AskedBlocks != 5 || answer.BlockSize != 16 || best.TotalBlocks != 4 {
		t.Fatalf("answer %+v", answer)
	}
	blocks := 0
	err := index.Dump(ctx, func(event *pb.StoredBlocks) error {
		blocks += len(event.GetLocalHashes())
		return nil
	})
	if err != nil || blocks != 4 {
		t.Fatalf("dump: %d blocks, %v", blocks, err)
	}
	// The local hash of tokens 1..16, a public test vector.
	if answer, err = index.QueryByHash(ctx, []uint64{16863443419780771464}); err != nil || len(answer.Hits) != 1 {
		t.Fatalf("by hash: %+v %v", answer, err)
	}
	workers, err := index.Workers(ctx)
	if err != nil || len(workers) != 2 || workers[1].GetWorker().GetInstanceId() != "1" {
		t.Fatalf("workers: %v %v", workers, err)
	}
	if err := index.Unregister(ctx, Worker{"0", 0}); err != nil {
		t.Fatal(err)
	}
	if answer, err = index.Query(ctx, prompt(64)); err != nil || len(answer.Hits) != 0 {
		t.Fatalf("after unregister: %+v %v", answer, err)
	}
}

func TestErrorsAreStatuses(t *testing.T) {
	index, ctx := startDaemon(t), context.Background()
	worker := Registration{Worker{"7", 0}, "tcp://127.0.0.1:9", "", 16}
	for _, c := range []struct {
		want codes.Code
		got  error
	}{
		{codes.NotFound, index.Unregister(ctx, worker.Worker)},
		{codes.InvalidArgument, index.Register(ctx, Registration{worker.Worker, "nonsense", "", 16})},
		{codes.OK, index.Register(ctx, worker)},
		{codes.AlreadyExists, index.Register(ctx, worker)},
		{codes.FailedPrecondition, index.Register(ctx, Registration{Worker{"8", 0}, "tcp://127.0.0.1:9", "", 32})},
	} {
		if status.Code(c.got) != c.want {
			t.Errorf("want %v, got %v", c.want, c.got)
		}
	}
	expired, cancel := context.WithTimeout(ctx, -time.Second)
	defer cancel()
	if _, err := index.Query(expired, prompt(16)); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("want DeadlineExceeded, got %v", err)
	}
}
