package client

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "kvindex/client/kvindexv1"
)

// busy answers the first calls with an error.
type busy struct {
	pb.UnimplementedKvIndexerServer
	busy, calls int32
	code        codes.Code
}

func (b *busy) answer() error {
	if atomic.AddInt32(&b.calls, 1) <= b.busy {
		return status.Error(b.code, "busy")
	}
	return nil
}

func (b *busy) Query(context.Context, *pb.QueryRequest) (*pb.QueryResponse, error) {
	return &pb.QueryResponse{}, b.answer()
}

func (b *busy) Register(context.Context, *pb.RegisterRequest) (*pb.RegisterResponse, error) {
	return &pb.RegisterResponse{}, b.answer()
}

func TestOnlyReadsThatMeetUnavailableAreTriedAgain(t *testing.T) {
	query := func(c *Client) error {
		// Longer than what gRPC keeps for a retry unless it is told otherwise.
		_, err := c.Query(context.Background(), Query{Tokens: prompt(200000)})
		return err
	}
	register := func(c *Client) error { return c.Register(context.Background(), Registration{}) }
	for name, c := range map[string]struct {
		busy  int32
		code  codes.Code
		call  func(*Client) error
		want  codes.Code
		calls int32
	}{
		"read":         {2, codes.Unavailable, query, codes.OK, 3},
		"read, bound":  {99, codes.Unavailable, query, codes.Unavailable, 3},
		"write":        {2, codes.Unavailable, register, codes.Unavailable, 1},
		"other reason": {2, codes.ResourceExhausted, query, codes.ResourceExhausted, 1},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server, service := grpc.NewServer(), &busy{busy: c.busy, code: c.code}
		pb.RegisterKvIndexerServer(server, service)
		go func() { _ = server.Serve(listener) }()
		index, err := Dial(listener.Addr().String(), 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.call(index); status.Code(err) != c.want || service.calls != c.calls {
			t.Errorf("%s: %v after %d calls", name, err, service.calls)
		}
		index.Close()
		server.Stop()
	}
}
