// Which workers hold how much of this prompt? Usage: node query.js [HOST:PORT]
import { Client, localHashes } from "kvindex-client";

const client = new Client(process.argv[2] ?? "127.0.0.1:8091", { timeoutMs: 1000 });
const prompt = Array.from({ length: 64 }, (_, i) => i + 1);

const answer = await client.query(prompt);
for (const { worker, deviceBlocks } of answer.hits) {
  console.log(`worker ${worker.instanceId} rank ${worker.dpRank}: ${deviceBlocks} of ${answer.askedBlocks} blocks`);
}
// The same question with 8 bytes a block, for routers that know the block size.
if (answer.blockSize > 0) {
  const { best } = await client.queryByHash(await localHashes(prompt, answer.blockSize));
  console.log("best:", best?.worker.instanceId ?? "none");
}
client.close();
