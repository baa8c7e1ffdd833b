// Real processes for the tests.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

import { Client } from "kvindex-client";

const build = process.env.KVINDEX_BUILD ?? path.join(fileURLToPath(import.meta.url), "../../../../build/release");

/** Starts a program; `line()` is its next line of output. It is stopped after the test and must end well. */
async function start(t, name, ...args) {
  const child = spawn(path.join(build, name), args, { stdio: ["pipe", "pipe", "inherit"] });
  t.after(async () => {
    child.kill("SIGTERM");
    const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
    if (code !== 0) throw new Error(`${name} ended with ${code}`);
  });
  const lines = readline.createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    line: async () => (await lines.next()).value,
    write: (text) => child.stdin.write(text),
  };
}

export async function startDaemon(t) {
  const daemon = await start(t, "kvindexd", "--port", "0", "--grpc-port", "0", "--log-level", "error");
  const address = /grpc=(\S+)/.exec(await daemon.line())[1];
  const client = new Client(address);
  t.after(() => client.close());
  return client;
}

export const prompt = (n) => Array.from({ length: n }, (_, i) => i + 1);

/** A client of a daemon that follows two engines, of which worker 0 holds prompt(64), in a partition. */
export async function startFilled(t, partition = {}) {
  const client = await startDaemon(t);
  const simulator = await start(t, "kvindex-simulator", "--workers", "2");
  const { workers } = JSON.parse(await simulator.line());
  simulator.write(`prompt 0 ${JSON.stringify(prompt(64))}\n`);
  if ((await simulator.line()) !== '{"ok":true}') throw new Error("the simulator refused the prompt");
  for (const [instanceId, { endpoint, replay_endpoint: replayEndpoint }] of workers.entries()) {
    await client.register({ instanceId, endpoint, replayEndpoint, blockSize: 16, ...partition });
  }
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const { best } = await client.query(prompt(64), partition);
    if (best?.deviceBlocks === 4 && (await client.health()).ready) return client;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the index was not filled");
}
