// Which worker should get this prompt? Usage: example [HOST:PORT]
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
	answer, err := index.Query(context.Background(), make([]uint32, 64))
	if err != nil {
		log.Fatal(err)
	}
	best, found := answer.Best()
	fmt.Println(best.Worker, best.DeviceBlocks, "of", answer.AskedBlocks, "blocks held:", found)
}
