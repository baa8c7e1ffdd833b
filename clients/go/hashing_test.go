package client

import (
	"reflect"
	"testing"
)

// Published vectors.
func TestHashes(t *testing.T) {
	zero := []uint32{0, 1, 2, 3}
	for _, c := range []struct {
		tokens []uint32
		size   int
		with   Hashing
		want   []uint64
	}{
		{prompt(35), 16, Hashing{}, []uint64{16863443419780771464, 2287610619914608821}},
		{prompt(16), 4, Hashing{}, local},
		{zero, 4, Hashing{}, []uint64{9143094415614847814}},
		{zero, 4, Hashing{LoRA: "adapter-a"}, []uint64{6665157333201000639}},
		{zero, 4, Hashing{CacheSalt: "tenant-a"}, []uint64{17009624042690211646}},
		{zero, 4, Hashing{LoRA: "adapter-a", CacheSalt: "tenant-a"}, []uint64{8269515957840517240}},
		{prompt(4), 4, Hashing{LoRA: "alpha-7b"}, []uint64{16548428770143335509}},
		{prompt(14)[9:], 2, Hashing{Bigrams: true}, []uint64{5959138341449004422, 13917772031453556700}},
		{prompt(13)[9:], 2, Hashing{Bigrams: true}, []uint64{5959138341449004422}},
		{prompt(15), 16, Hashing{}, []uint64{}},
	} {
		if got := LocalHashes(c.tokens, c.size, c.with); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v %d %+v: want %v, got %v", c.tokens, c.size, c.with, c.want, got)
		}
	}
	for _, c := range [][2][]uint64{
		{local, {14643705804678351452, 4945711292740353085, 12583592247330656132, 1921452330601040443}},
		{{11, 22, 33}, {11, 750553365844651409, 3257565445809651757}},
		{{}, {}},
	} {
		if got := SequenceHashes(c[0]); !reflect.DeepEqual(got, c[1]) {
			t.Errorf("want %v, got %v", c[1], got)
		}
	}
}

var local = []uint64{14643705804678351452, 16777012769546811212, 483935686894639516, 135165725823939817}
