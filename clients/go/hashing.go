package client

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"
)

const hashSeed = 1337

// LocalHashes are the position-free hashes of a prompt's whole blocks of blockSize tokens, for HashQuery.BlockHashes: 8
// bytes a block instead of the tokens. It panics when blockSize is not positive.
func LocalHashes(tokens []uint32, blockSize int, with Hashing) []uint64 {
	if blockSize <= 0 {
		panic("kvindex: blockSize must be positive")
	}
	seed := uint64(hashSeed)
	if with.LoRA != "" {
		seed += xxh3.HashString(with.LoRA)
	}
	if with.CacheSalt != "" {
		seed += xxh3.HashStringSeed(with.CacheSalt, 1)
	}
	width := blockSize
	if with.Bigrams {
		width++
	}
	hashes := make([]uint64, 0, len(tokens)/blockSize)
	bytes := make([]byte, 4*width)
	for start := 0; start+width <= len(tokens); start += blockSize {
		for i, token := range tokens[start : start+width] {
			binary.LittleEndian.PutUint32(bytes[4*i:], token)
		}
		hashes = append(hashes, xxh3.HashSeed(bytes, seed))
	}
	return hashes
}

// SequenceHashes are the hashes that name whole prefixes, for HashQuery.SequenceHashes, from the local ones.
func SequenceHashes(local []uint64) []uint64 {
	hashes := make([]uint64, len(local))
	for i, hash := range local {
		if i == 0 {
			hashes[0] = hash
			continue
		}
		var bytes [16]byte
		binary.LittleEndian.PutUint64(bytes[:8], hashes[i-1])
		binary.LittleEndian.PutUint64(bytes[8:], hash)
		hashes[i] = xxh3.HashSeed(bytes[:], hashSeed)
	}
	return hashes
}
