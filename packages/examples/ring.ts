// A token goes once round all ranks, and each one adds its rank to it.
import { init } from "tsmpi";

interface Token {
  sum: number;
  path: number[];
}

await using world = await init();
const next = (world.rank + 1) % world.size; // in a world of one, this rank itself
const previous = (world.rank - 1 + world.size) % world.size;

if (world.rank === 0) {
  await world.send({ sum: 0, path: [0] } satisfies Token, { dest: next });
  const token = await world.recv<Token>({ source: previous });
  console.log(`The ranks add up to ${token.sum}.`);
  console.log(`The token's way: ${[...token.path, 0].join(" -> ")}`);
} else {
  const token = await world.recv<Token>({ source: previous });
  token.sum += world.rank;
  token.path.push(world.rank);
  await world.send(token, { dest: next });
}
