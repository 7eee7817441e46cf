// A stranger: tries at each address what people try who do not belong to a job. Ends with "done".
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { connect } from "node:net";

const { curveKeyPair, Push } = createRequire(new URL("../../packages/core/package.json", import.meta.url))("zeromq");
const targets = process.argv.slice(2);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Connects, says this, and hangs up after a while, whatever it is told. */
function say(target, bytes, ms) {
  const [host, port] = target.split(":");
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => bytes.length > 0 && socket.write(bytes));
    socket.on("error", () => {}).on("close", resolve);
    setTimeout(() => resolve(socket.destroy()), ms);
  });
}

/** Speaks ZeroMQ: with the names of plausible things to say. */
async function speak(target, options) {
  const push = new Push({ linger: 0, sendTimeout: 200, ...options });
  push.connect(`tcp://${target}`);
  const header = Buffer.alloc(48);
  header.writeUInt16LE(0x4d54, 0);
  header.writeUInt8(1, 2);
  header.writeUInt8(1, 3);
  const forged = Buffer.concat([header, randomBytes(24)]);
  const end = performance.now() + 3000;
  for (let i = 0; i < 50 && performance.now() < end; i++) {
    for (const message of [["hello"], [header], [forged, randomBytes(5000)], [randomBytes(2000)], [""]]) {
      const sent = (async () => push.send(message))().catch(() => {}); // zeromq.js throws while another send waits
      await Promise.race([sent, pause(200)]);
    }
    if (i === 0) await pause(100);
  }
  await pause(100);
  push.close();
}

const zmtp = Buffer.concat([Buffer.from("ff00000000000000017f0301", "hex"), Buffer.from("NULL".padEnd(20, "\0"))]);
async function attack(target) {
  await Promise.all([
    say(target, Buffer.alloc(0), 1500),
    say(target, Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 500),
    say(target, randomBytes(100_000), 500),
    say(target, Buffer.concat([zmtp, Buffer.alloc(32), randomBytes(1000)]), 500),
    say(target, zmtp.subarray(0, 11), 1500),
    ...Array.from({ length: 300 }, () => say(target, randomBytes(10), 300)),
  ]);
  const [wrong, own] = [curveKeyPair(), curveKeyPair()];
  await speak(target, {});
  await speak(target, { plainUsername: "root", plainPassword: "root" });
  await speak(target, {
    curveServerKey: wrong.publicKey,
    curvePublicKey: own.publicKey,
    curveSecretKey: own.secretKey,
  });
}
await Promise.all(targets.map(attack));
console.log("done");
process.exit();
