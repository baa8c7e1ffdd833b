import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";

import { Answer, Client, KvIndexError, localHashes, status } from "kvindex-client";

import { prompt, startDaemon, startFilled } from "./programs.js";

const fails = (code) => (error) => error instanceof KvIndexError && error.code === code;

test("scores of a real fleet", async (t) => {
  const client = await startFilled(t);
  const answer = await client.query(prompt(80));
  assert.deepEqual([answer.askedBlocks, answer.blockSize, answer.hits.length], [5, 16, 1]);
  const { exact, ...best } = answer.best;
  assert.equal(typeof exact, "boolean");
  assert.deepEqual(best, {
    worker: { instanceId: "0", dpRank: 0 },
    deviceBlocks: 4,
    throughHostBlocks: 4,
    throughDiskBlocks: 4,
    throughExternalBlocks: 4,
    totalBlocks: 4,
  });
  const hashes = await localHashes(prompt(64), 16);
  assert.equal((await client.queryByHash(hashes)).best.deviceBlocks, 4);
  assert.equal((await client.queryByHash(hashes.map((hash) => BigInt.asIntN(64, hash)))).best.deviceBlocks, 4);
  assert.equal((await client.query(new Uint32Array(16))).best, undefined);
});

test("workers, dump and health", async (t) => {
  const client = await startFilled(t);
  assert.deepEqual((await client.workers()).map((status) => status.worker.instanceId), ["0", "1"]);
  let blocks = 0;
  for await (const event of client.dump()) blocks += event.localHashes.length;
  assert.equal(blocks, 4);
  for await (const event of client.dump()) {
    assert.equal(event.localHashes[0], 16863443419780771464n);
    break; // and the rest is not wanted
  }
  assert.equal((await client.health()).workers, 2n);
  assert.equal(await client.unregister({ instanceId: 0, dpRank: 0 }), 1);
  assert.deepEqual((await client.query(prompt(64))).hits, []);
});

test("many questions on one stream", async (t) => {
  const client = await startFilled(t);
  const stream = client.queryStream();
  const hashes = await localHashes(prompt(64), 16);
  const asked = [];
  for (let i = 0; i < 200; i++) {
    const blocks = (i % 4) + 1;
    asked.push(
      (blocks === 4 ? stream.queryByHash(hashes) : stream.query(prompt(16 * blocks))).then((answer) =>
        assert.equal(answer.best.deviceBlocks, blocks),
      ),
    );
  }
  await assert.rejects(stream.query(new Uint32Array(1048577)), fails(status.RESOURCE_EXHAUSTED));
  await assert.rejects(stream.query([-1]), /-1/);
  await Promise.all(asked);
  const unanswered = stream.query(prompt(16));
  stream.close();
  await assert.rejects(unanswered, fails(status.CANCELLED));
  await assert.rejects(stream.query(prompt(16)), fails(status.CANCELLED));
});

test("errors carry code and message", async (t) => {
  const client = await startDaemon(t);
  const worker = { instanceId: "a", endpoint: "tcp://127.0.0.1:9", blockSize: 16 };
  await assert.rejects(client.unregister({ instanceId: "nobody" }), /nobody/);
  await assert.rejects(client.unregister({ instanceId: "nobody" }), fails(status.NOT_FOUND));
  await assert.rejects(client.register({ ...worker, endpoint: "nonsense" }), fails(status.INVALID_ARGUMENT));
  await client.register(worker);
  await assert.rejects(client.register(worker), fails(status.ALREADY_EXISTS));
  await assert.rejects(client.register({ ...worker, instanceId: "b", blockSize: 32 }), fails(status.FAILED_PRECONDITION));
});

test("nobody there, and nobody answering", async (t) => {
  const nobody = new Client("127.0.0.1:9", { timeoutMs: 2000 });
  await assert.rejects(nobody.query(prompt(16)), fails(status.UNAVAILABLE));
  await assert.rejects(nobody.queryStream().query(prompt(16)), fails(status.UNAVAILABLE));
  await assert.rejects(nobody.dump().next(), fails(status.UNAVAILABLE));
  nobody.close();
  const silent = net.createServer((socket) => t.after(() => socket.destroy())).listen(0, "127.0.0.1");
  t.after(() => silent.close());
  await new Promise((resolve) => silent.on("listening", resolve));
  const client = new Client(`127.0.0.1:${silent.address().port}`, { timeoutMs: 200 });
  await assert.rejects(client.query(prompt(16)), fails(status.DEADLINE_EXCEEDED));
  client.close();
});

test("the best hit", () => {
  const hit = (instanceId, device, host, external, totalBlocks) => ({
    worker: { instanceId, dpRank: 0 },
    deviceBlocks: device,
    throughHostBlocks: host,
    throughDiskBlocks: host,
    throughExternalBlocks: external,
    totalBlocks,
    exact: true,
  });
  const best = (...hits) => new Answer(hits, 9, 16).best?.worker.instanceId;
  assert.equal(best(), undefined);
  assert.equal(best(hit("nothing", 0, 0, 0, 0)), undefined);
  assert.equal(best(hit("nothing", 0, 0, 0, 0), hit("host", 0, 1, 1, 3)), "host");
  assert.equal(best(hit("more", 2, 2, 2, 9), hit("less", 2, 2, 2, 8)), "less");
  assert.equal(best(hit("device", 1, 1, 1, 5), hit("tiers", 1, 3, 3, 9), hit("external", 1, 2, 9, 0)), "tiers");
});
