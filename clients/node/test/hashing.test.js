// Published vectors.
import assert from "node:assert/strict";
import test from "node:test";

import { localHashes, sequenceHashes } from "kvindex-client";

import { prompt } from "./programs.js";

const local = [14643705804678351452n, 16777012769546811212n, 483935686894639516n, 135165725823939817n];

test("local hashes", async () => {
  const zero = [0, 1, 2, 3];
  for (const [tokens, size, options, want] of [
    [prompt(35), 16, {}, [16863443419780771464n, 2287610619914608821n]],
    [prompt(16), 4, {}, local],
    [zero, 4, {}, [9143094415614847814n]],
    [zero, 4, { loraName: "adapter-a" }, [6665157333201000639n]],
    [zero, 4, { cacheSalt: "tenant-a" }, [17009624042690211646n]],
    [zero, 4, { loraName: "adapter-a", cacheSalt: "tenant-a" }, [8269515957840517240n]],
    [prompt(4), 4, { loraName: "alpha-7b" }, [16548428770143335509n]],
    [prompt(14).slice(9), 2, { bigrams: true }, [5959138341449004422n, 13917772031453556700n]],
    [prompt(13).slice(9), 2, { bigrams: true }, [5959138341449004422n]],
    [prompt(15), 16, {}, []],
  ]) {
    assert.deepEqual(await localHashes(tokens, size, options), want);
  }
  await assert.rejects(localHashes([1], 0), RangeError);
});

test("sequence hashes", async () => {
  const want = [14643705804678351452n, 4945711292740353085n, 12583592247330656132n, 1921452330601040443n];
  assert.deepEqual(await sequenceHashes(local), want);
  assert.deepEqual(await sequenceHashes([11n, 22n, 33n]), [11n, 750553365844651409n, 3257565445809651757n]);
  assert.deepEqual(await sequenceHashes([]), []);
});
