package client

import (
	"context"
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "kvindex/client/kvindexv1"
)

// Stream keeps many questions in flight on one gRPC stream, which costs less than a call for each. It may be shared by
// goroutines. Once it has failed, all that is asked fails: open a new one.
type Stream struct {
	stream pb.KvIndexer_QueryStreamClient
	cancel context.CancelFunc
	sends  sync.Mutex // gRPC takes one sender at a time

	lock    sync.Mutex
	waiting map[uint64]chan<- reply
	next    uint64
	failure error         // set before ended is closed
	ended   chan struct{} // no more answers will come
}

type reply struct {
	answer *Answer
	err    error
}

// OpenStream opens a stream that lives until Close, or until ctx ends.
func (c *Client) OpenStream(ctx context.Context) (*Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := c.RPC.QueryStream(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	s := &Stream{stream: stream, cancel: cancel, waiting: map[uint64]chan<- reply{}, ended: make(chan struct{})}
	go s.receive()
	return s, nil
}

// Ask waits for the answer to one question. A bad question's error is the status of the unary call, and does no harm to
// the others.
func (s *Stream) Ask(ctx context.Context, question Question) (*Answer, error) {
	answered := make(chan reply, 1)
	s.lock.Lock()
	id := s.next
	s.next++
	s.waiting[id] = answered
	s.lock.Unlock()
	defer func() {
		s.lock.Lock()
		delete(s.waiting, id)
		s.lock.Unlock()
	}()

	s.sends.Lock()
	err := s.stream.Send(question.streamRequest(id))
	s.sends.Unlock()
	if err != nil && !errors.Is(err, io.EOF) { // the end of the stream is told by its receiver
		return nil, err
	}
	select {
	case r := <-answered:
		return r.answer, r.err
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	case <-s.ended:
		select {
		case r := <-answered: // it came just before the end
			return r.answer, r.err
		default:
			return nil, s.failure
		}
	}
}

// Close ends the stream. Questions in flight fail.
func (s *Stream) Close() {
	s.cancel()
	<-s.ended
}

// receive hands answers to those who wait for them.
func (s *Stream) receive() {
	defer close(s.ended)
	defer s.cancel()
	for {
		response, err := s.stream.Recv()
		if errors.Is(err, io.EOF) {
			err = status.Error(codes.Unavailable, "the server ended the stream")
		}
		if err != nil {
			s.failure = err
			return
		}
		s.lock.Lock()
		answered := s.waiting[response.GetRequestId()]
		delete(s.waiting, response.GetRequestId())
		s.lock.Unlock()
		if answered != nil {
			answered <- replyOf(response)
		}
	}
}

func replyOf(response *pb.QueryStreamResponse) reply {
	if failure := response.GetError(); failure != nil {
		return reply{err: status.Error(codes.Code(failure.GetCode()), failure.GetMessage())}
	}
	return reply{answer: answerOf(response.GetResult())}
}
