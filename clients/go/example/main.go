// Which workers hold how much of this prompt? Usage: example [HOST:PORT]
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	client "kvindex/client"
)

func main() {
	target := "127.0.0.1:8091"
	if len(os.Args) > 1 {
		target = os.Args[1]
	}
	index, err := client.Dial(target, time.Second)
	if err != nil {
		log.Fatal(err)
	}
	defer index.Close()
	prompt := make([]uint32, 64)
	for i := range prompt {
		prompt[i] = uint32(i + 1)
	}
	ctx := context.Background()
	answer, err := index.Query(ctx, client.Query{Tokens: prompt})
	if err != nil {
		log.Fatal(err)
	}
	for _, hit := range answer.Hits {
		fmt.Printf("worker %s rank %d: %d of %d blocks\n",
			hit.Worker.Instance, hit.Worker.Rank, hit.DeviceBlocks, answer.AskedBlocks)
	}
	if answer.BlockSize == 0 {
		return // nothing is registered
	}
	// The same question with 8 bytes a block, for routers that know the block size.
	hashes := client.LocalHashes(prompt, int(answer.BlockSize), client.Hashing{})
	if answer, err = index.QueryByHash(ctx, client.HashQuery{BlockHashes: hashes}); err != nil {
		log.Fatal(err)
	}
	if best, found := answer.Best(); found {
		fmt.Println("best:", best.Worker.Instance)
	}
}
