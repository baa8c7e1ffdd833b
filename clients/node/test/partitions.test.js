import assert from "node:assert/strict";
import test from "node:test";

import { KvIndexError, localHashes, sequenceHashes, status } from "kvindex-client";
import { SourceKind } from "kvindex-client/messages";

import { prompt, startDaemon, startFilled } from "./programs.js";

const m = { model: "m", tenant: "t", additionalSalt: "s", blockSize: 16 };
const held = ({ hits }) => Object.fromEntries(hits.map((hit) => [hit.worker.instanceId, hit.deviceBlocks]));
const fails = (code, text) => (error) =>
  error instanceof KvIndexError && error.code === code && error.details.includes(text);

test("questions of a partition", async (t) => {
  const client = await startFilled(t, m);
  const local = await localHashes(prompt(64), 16);
  const sequence = await sequenceHashes(local);
  const stream = client.queryStream();
  t.after(() => stream.close());
  for (const asked of [client, stream]) {
    assert.deepEqual(held(await asked.query(prompt(64), m)), { 0: 4 });
    assert.deepEqual(held(await asked.queryByHash(local, m)), { 0: 4 });
    assert.deepEqual(held(await asked.queryBySequenceHash(sequence, m)), { 0: 4 });
    for (const hashed of [{ loraName: "a" }, { cacheSalt: "a" }, { bigrams: true }]) {
      assert.deepEqual(held(await asked.query(prompt(64), { ...m, ...hashed })), {});
    }
    assert.deepEqual(held(await asked.query(prompt(64), { ...m, everyWorker: true })), { 0: 4, 1: 0 });
    assert.deepEqual(held(await asked.query(prompt(64), { ...m, everyWorker: true, maxHits: 1 })), { 0: 4 });
    const candidates = [{ instanceId: 0, dpRank: 7 }, { instanceId: "1" }];
    assert.deepEqual(held(await asked.query(prompt(64), { ...m, everyWorker: true, candidates })), { 1: 0 });
    await assert.rejects(async () => asked.query(prompt(64), { ...m, candidates: [] }), /candidates/);
    await assert.rejects(asked.query(prompt(64), { model: "other" }), fails(status.NOT_FOUND, "other"));
  }
});

test("partitions are listed, dumped and left", async (t) => {
  const client = await startFilled(t, m);
  await client.register({ ...m, instanceId: "p", endpoint: "tcp://127.0.0.1:9", pool: true, loraName: "l" });
  const [{ partition, workers, pools }, ...others] = await client.partitions();
  assert.deepEqual([partition.model, partition.tenant, workers, pools, others.length], ["m", "t", 2n, 1n, 0]);
  const listed = await client.workers({ model: "m" });
  assert.deepEqual([listed.length, listed[2].kind, listed[2].loraName], [3, SourceKind.POOL, "l"]);
  assert.deepEqual(await client.workers({ model: "other" }), []);
  let blocks = 0;
  for await (const { partition, events } of client.dumpSlices({ model: "m", tenant: "t" })) {
    assert.equal(partition.additionalSalt, "s");
    for (const { engineHashes } of events) blocks += engineHashes.length;
  }
  assert.equal(blocks, 4);
  assert.equal(await client.unregister({ ...m, instanceId: 0 }), 1);
});

test("peers", async (t) => {
  const client = await startDaemon(t);
  await client.registerPeer("http://10.0.0.8:8090");
  await client.registerPeer("http://10.0.0.9:8090");
  await client.deregisterPeer("http://10.0.0.8:8090");
  assert.deepEqual(await client.peers(), ["http://10.0.0.9:8090"]);
  await assert.rejects(client.deregisterPeer("http://10.0.0.8:8090"), fails(status.NOT_FOUND, ""));
});
