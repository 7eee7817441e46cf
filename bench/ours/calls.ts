import { init, sum } from "tsmpi";

/**
 * A whole program of some calls, and nothing else: its wall time has start, calls and end. The twin of `peers/mpi4py/calls.py`.
 *
 *     calls.ts <operation> <calls>
 */
await using world = await init();
const [operation = "", text] = process.argv.slice(2);
const count = Number(text);
const [x, into] = [Float64Array.of(1), Float64Array.of(world.rank === 0 ? 1 : 0)];

async function pingPong(): Promise<void> {
  if (world.rank === 0) {
    await world.send(x, { dest: 1 });
    await world.recv({ source: 1, into });
  } else {
    await world.recv({ source: 0, into });
    await world.send(into, { dest: 0 });
  }
}

const programs: Readonly<Record<string, { call: () => Promise<unknown>; result: number }>> = {
  allreduce: { call: () => world.allreduce(x, sum, { into }), result: world.size },
  bcast: { call: () => world.bcast(into, { into }), result: 1 },
  "ping-pong": { call: pingPong, result: 1 },
};
const { call, result } = programs[operation]!;
for (let i = 0; i < count; i++) await call();
if (into[0] !== result) throw new Error(`${operation} gave ${into[0]} instead of ${result}`);
