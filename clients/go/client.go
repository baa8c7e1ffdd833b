// Package client asks kvindex, the KV-cache indexer, who holds how much of a prompt.
//
// The messages of package kvindexv1 are generated from the server's schema; this package adds a deadline to every call
// and plain types to the answers. Errors are gRPC statuses: use google.golang.org/grpc/status to read code and text.
package client

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "kvindex/client/kvindexv1"
)

// messageBytes is what the server accepts, and more than its messages are.
const messageBytes = 8 << 20

// Client talks to one kvindexd. It may be shared by goroutines.
type Client struct {
	// RPC gives access to the generated methods.
	RPC pb.KvIndexerClient

	connection *grpc.ClientConn
	timeout    time.Duration
}

// Worker is what a request can be sent to: one data-parallel rank of one engine deployment.
type Worker struct {
	Instance string
	Rank     uint32
}

// Hit is one worker's share of a prompt.
type Hit struct {
	Worker       Worker
	DeviceBlocks uint32 // leading blocks held on the device without a gap
	TotalBlocks  uint64 // all blocks the worker holds on the device, of any prompt
	Exact        bool   // every event of the worker was applied
}

// Answer tells which workers hold at least the first block of a prompt.
type Answer struct {
	Hits        []Hit
	AskedBlocks uint64 // whole blocks of the prompt
	BlockSize   uint32 // tokens a block
}

// Best returns the hit with most blocks on the device; of equal ones, the worker with fewer blocks in all.
func (a *Answer) Best() (Hit, bool) {
	var best Hit
	for _, hit := range a.Hits {
		if hit.DeviceBlocks > best.DeviceBlocks ||
			(hit.DeviceBlocks == best.DeviceBlocks && hit.TotalBlocks < best.TotalBlocks) {
			best = hit
		}
	}
	return best, best.DeviceBlocks > 0
}

// Dial connects to a kvindexd at host:port, in the background. The timeout is the deadline of each unary call. Without
// options the connection is not encrypted.
func Dial(target string, timeout time.Duration, options ...grpc.DialOption) (*Client, error) {
	if len(options) == 0 {
		options = []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	}
	options = append(options, grpc.WithDefaultCallOptions(
		grpc.MaxCallSendMsgSize(messageBytes), grpc.MaxCallRecvMsgSize(messageBytes)))
	connection, err := grpc.Dial(target, options...)
	if err != nil {
		return nil, err
	}
	return &Client{RPC: pb.NewKvIndexerClient(connection), connection: connection, timeout: timeout}, nil
}

// Close ends the connection.
func (c *Client) Close() error {
	return c.connection.Close()
}

// Registration says which worker to follow; BlockSize 0 means the server's.
type Registration struct {
	Worker         Worker
	Endpoint       string
	ReplayEndpoint string
	BlockSize      uint32
}

// Register subscribes to a worker's events. It does not wait for the worker.
func (c *Client) Register(ctx context.Context, r Registration) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.RPC.Register(ctx, &pb.RegisterRequest{
		InstanceId:      r.Worker.Instance,
		DpRank:          r.Worker.Rank,
		Endpoint:        r.Endpoint,
		ReplayEndpoint:  r.ReplayEndpoint,
		BlockSizeTokens: r.BlockSize,
	})
	return err
}

// Unregister forgets one worker.
func (c *Client) Unregister(ctx context.Context, w Worker) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.RPC.Unregister(ctx, &pb.UnregisterRequest{
		InstanceId: w.Instance,
		Rank:       &pb.UnregisterRequest_DpRank{DpRank: w.Rank},
	})
	return err
}

// Workers lists all workers and the state of their event sources.
func (c *Client) Workers(ctx context.Context) ([]*pb.WorkerStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, err := c.RPC.ListWorkers(ctx, &pb.ListWorkersRequest{})
	return answer.GetWorkers(), err
}

// Query asks for a prompt, given as token ids.
func (c *Client) Query(ctx context.Context, tokens []uint32) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, err := c.RPC.Query(ctx, &pb.QueryRequest{TokenIds: tokens})
	if err != nil {
		return nil, err
	}
	return answerOf(answer.GetResult()), nil
}

// QueryByHash asks for a prompt, given as local block hashes.
func (c *Client) QueryByHash(ctx context.Context, hashes []uint64) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, err := c.RPC.QueryByHash(ctx, &pb.QueryByHashRequest{BlockHashes: hashes})
	if err != nil {
		return nil, err
	}
	return answerOf(answer.GetResult()), nil
}

// Dump calls f for every run of blocks held, parents before children, until f returns an error. Only ctx limits its
// time.
func (c *Client) Dump(ctx context.Context, f func(*pb.StoredBlocks) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.RPC.Dump(ctx, &pb.DumpRequest{})
	if err != nil {
		return err
	}
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, event := range answer.GetEvents() {
			if err := f(event); err != nil {
				return err
			}
		}
	}
}

func answerOf(result *pb.QueryResult) *Answer {
	answer := &Answer{AskedBlocks: result.GetAskedBlocks(), BlockSize: result.GetBlockSizeTokens()}
	for _, hit := range result.GetHits() {
		answer.Hits = append(answer.Hits, Hit{
			Worker:       Worker{hit.GetWorker().GetInstanceId(), hit.GetWorker().GetDpRank()},
			DeviceBlocks: hit.GetDeviceBlocks(),
			TotalBlocks:  hit.GetTotalBlocks(),
			Exact:        hit.GetState() == pb.SourceState_SOURCE_STATE_EXACT,
		})
	}
	return answer
}
