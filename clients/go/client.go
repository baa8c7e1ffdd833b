// Package client asks kvindex, the KV-cache indexer, who holds how much of a prompt.
//
// Every unary call ends within the client's timeout, or the context's deadline if that is sooner. Reads that meet
// UNAVAILABLE are tried three times in all, with growing, random pauses; writes never are. Errors are gRPC statuses:
// use google.golang.org/grpc/status to read code and text. The messages of package kvindexv1 are generated from the
// server's schema.
package client

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
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

// serviceConfig says what is tried again.
func serviceConfig() string {
	var names []string
	for _, read := range []string{"ListWorkers", "ListPartitions", "Query", "QueryByHash", "Dump", "GetHealth", "ListPeers"} {
		names = append(names, `{"service":"kvindex.v1.KvIndexer","method":"`+read+`"}`)
	}
	return `{"methodConfig":[{"name":[` + strings.Join(names, ",") + `],"retryPolicy":{"maxAttempts":3,` +
		`"initialBackoff":"0.05s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}`
}

// Dial connects to a kvindexd at host:port, in the background. The timeout is the deadline of each unary call. Without
// options the connection is not encrypted.
func Dial(target string, timeout time.Duration, options ...grpc.DialOption) (*Client, error) {
	if len(options) == 0 {
		options = []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	}
	reconnect := backoff.DefaultConfig
	reconnect.BaseDelay = 100 * time.Millisecond // else the first retry meets no new connection
	ours := []grpc.DialOption{
		grpc.WithDefaultServiceConfig(serviceConfig()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: 5 * time.Second}),
		// A request longer than the retry buffer would not be tried again.
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(messageBytes), grpc.MaxCallRecvMsgSize(messageBytes),
			grpc.MaxRetryRPCBufferSize(2*messageBytes)),
	}
	connection, err := grpc.Dial(target, append(ours, options...)...)
	if err != nil {
		return nil, err
	}
	return &Client{RPC: pb.NewKvIndexerClient(connection), connection: connection, timeout: timeout}, nil
}

// Close ends the connection.
func (c *Client) Close() error {
	return c.connection.Close()
}

// unary makes a call with the client's timeout.
func unary[Q, A any](ctx context.Context, c *Client, call func(context.Context, Q, ...grpc.CallOption) (A, error),
	request Q) (A, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return call(ctx, request)
}

// Query asks for a prompt, given as token ids.
func (c *Client) Query(ctx context.Context, q Query) (*Answer, error) {
	answer, err := unary(ctx, c, c.RPC.Query, q.message())
	if err != nil {
		return nil, err
	}
	return answerOf(answer.GetResult()), nil
}

// QueryByHash asks for a prompt, given as hashes of its blocks.
func (c *Client) QueryByHash(ctx context.Context, q HashQuery) (*Answer, error) {
	answer, err := unary(ctx, c, c.RPC.QueryByHash, q.message())
	if err != nil {
		return nil, err
	}
	return answerOf(answer.GetResult()), nil
}

// Register subscribes to a worker's events. It does not wait for the worker.
func (c *Client) Register(ctx context.Context, r Registration) error {
	_, err := unary(ctx, c, c.RPC.Register, r.message())
	return err
}

// Unregister forgets one worker, or all ranks of an instance. It returns how many workers that were.
func (c *Client) Unregister(ctx context.Context, u Unregistration) (uint64, error) {
	answer, err := unary(ctx, c, c.RPC.Unregister, u.message())
	return answer.GetRemovedWorkers(), err
}

// Workers lists workers and the state of their event sources; an empty model or tenant means any.
func (c *Client) Workers(ctx context.Context, model, tenant string) ([]*pb.WorkerStatus, error) {
	answer, err := unary(ctx, c, c.RPC.ListWorkers, &pb.ListWorkersRequest{Model: model, Tenant: tenant})
	return answer.GetWorkers(), err
}

// Partitions lists all partitions, in order of their creation.
func (c *Client) Partitions(ctx context.Context) ([]*pb.PartitionStatus, error) {
	answer, err := unary(ctx, c, c.RPC.ListPartitions, &pb.ListPartitionsRequest{})
	return answer.GetPartitions(), err
}

// Health tells whether the server is ready, and why not.
func (c *Client) Health(ctx context.Context) (*pb.GetHealthResponse, error) {
	return unary(ctx, c, c.RPC.GetHealth, &pb.GetHealthRequest{})
}

// Peers lists the REST addresses of the indexers that this one may be recovered from.
func (c *Client) Peers(ctx context.Context) ([]string, error) {
	answer, err := unary(ctx, c, c.RPC.ListPeers, &pb.ListPeersRequest{})
	return answer.GetUrls(), err
}

// RegisterPeer remembers one.
func (c *Client) RegisterPeer(ctx context.Context, url string) error {
	_, err := unary(ctx, c, c.RPC.RegisterPeer, &pb.RegisterPeerRequest{Url: url})
	return err
}

// DeregisterPeer forgets one.
func (c *Client) DeregisterPeer(ctx context.Context, url string) error {
	_, err := unary(ctx, c, c.RPC.DeregisterPeer, &pb.DeregisterPeerRequest{Url: url})
	return err
}

// Dump calls f for every run of blocks held, with its partition, parents before children, until f returns an error. An
// empty model or tenant means any. Only ctx limits its time.
func (c *Client) Dump(ctx context.Context, model, tenant string, f func(*pb.Partition, *pb.StoredBlocks) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.RPC.Dump(ctx, &pb.DumpRequest{Model: model, Tenant: tenant})
	if err != nil {
		return err
	}
	for {
		slice, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, event := range slice.GetEvents() {
			if err := f(slice.GetPartition(), event); err != nil {
				return err
			}
		}
	}
}
