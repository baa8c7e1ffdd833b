import assert from "node:assert/strict";
import test from "node:test";

import { Server, ServerCredentials } from "@grpc/grpc-js";
import { Client, KvIndexError, status } from "kvindex-client";
import { KvIndexerService } from "kvindex-client/messages";

/** A server that answers the first calls with an error; `calls()` counts them. */
async function startBusy(t, busy, code) {
  let calls = 0;
  const answer = (_call, callback) => (++calls <= busy ? callback({ code, details: "busy" }) : callback(null, {}));
  const server = new Server();
  const { query, register } = KvIndexerService;
  server.addService({ query, register }, { query: answer, register: answer });
  const port = await new Promise((resolve, reject) => {
    const bound = (error, number) => (error ? reject(error) : resolve(number));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), bound);
  });
  t.after(() => server.forceShutdown());
  const client = (settings) => {
    const made = new Client(`127.0.0.1:${port}`, settings);
    t.after(() => made.close());
    return made;
  };
  return { client, calls: () => calls };
}

const busy = (error) => error instanceof KvIndexError && error.message === "UNAVAILABLE: busy";

test("reads are tried again", async (t) => {
  const { client, calls } = await startBusy(t, 2, status.UNAVAILABLE);
  await client().query(new Uint32Array(500_000)); // longer than what is kept for a retry unless it is told otherwise
  assert.equal(calls(), 3);
});

test("but not for ever, and once if so wished", async (t) => {
  const { client, calls } = await startBusy(t, 99, status.UNAVAILABLE);
  await assert.rejects(client().query([1]), busy);
  assert.equal(calls(), 3);
  await assert.rejects(client({ attempts: 1 }).query([1]), busy);
  assert.equal(calls(), 4);
});

test("writes never are", async (t) => {
  const { client, calls } = await startBusy(t, 2, status.UNAVAILABLE);
  await assert.rejects(client().register({ instanceId: 1, endpoint: "tcp://a:1" }), busy);
  assert.equal(calls(), 1);
});

test("other errors never are", async (t) => {
  const { client, calls } = await startBusy(t, 2, status.RESOURCE_EXHAUSTED);
  await assert.rejects(client().query([1]), /RESOURCE_EXHAUSTED: busy/);
  assert.equal(calls(), 1);
});
