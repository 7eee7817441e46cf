export const increment = (x) => x + 1;

export function busy(x) {
  const end = performance.now() + 1;
  while (performance.now() < end);
  return x;
}

export const ends = (array) => array[0] + array.at(-1);

export function piRun(trials) {
  let hits = 0;
  for (let i = 0; i < trials; i++) {
    const x = Math.random();
    const y = Math.random();
    if (x * x + y * y < 1) hits++;
  }
  return (4 * hits) / trials;
}
