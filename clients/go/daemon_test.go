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

func startDaemon(t *testing.T, arguments ...string) *Client {
	t.Helper()
	arguments = append([]string{"--port", "0", "--grpc-port", "0", "--log-level", "error"}, arguments...)
	line, _, _ := program(t, "kvindexd", arguments...)
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

type engine struct {
	Endpoint       string `json:"endpoint"`
	ReplayEndpoint string `json:"replay_endpoint"`
}

// startFleet starts two simulated engines, of which the first holds the prompt.
func startFleet(t *testing.T, prompt []uint32) []engine {
	t.Helper()
	line, output, input := program(t, "kvindex-simulator", "--workers", "2")
	var fleet struct {
		Workers []engine `json:"workers"`
	}
	if err := json.Unmarshal([]byte(line), &fleet); err != nil {
		t.Fatal(err)
	}
	tokens, _ := json.Marshal(prompt)
	fmt.Fprintf(input, "prompt 0 %s\n", tokens)
	if answer, err := output.ReadString('\n'); err != nil || answer != "{\"ok\":true}\n" {
		t.Fatalf("simulator: %q %v", answer, err)
	}
	return fleet.Workers
}

func prompt(n uint32) []uint32 {
	tokens := make([]uint32, n)
	for i := range tokens {
		tokens[i] = uint32(i + 1)
	}
	return tokens
}

// filledIndex is a daemon that follows a fleet of which worker 0 holds prompt(64), in the given partition.
func filledIndex(t *testing.T, partition Partition) *Client {
	t.Helper()
	index, ctx := startDaemon(t), context.Background()
	for i, e := range startFleet(t, prompt(64)) {
		err := index.Register(ctx, Registration{
			Worker: Worker{fmt.Sprint(i), 0}, Endpoint: e.Endpoint, ReplayEndpoint: e.ReplayEndpoint, Partition: partition,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		answer, err := index.Query(ctx, Query{Tokens: prompt(64), Scope: Scope{Partition: partition}})
		if err != nil {
			t.Fatal(err)
		}
		health, err := index.Health(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if best, _ := answer.Best(); best.DeviceBlocks == 4 && health.GetReady() {
			return index
		}
	}
	t.Fatal("the index was not filled")
	return nil
}
