// The most frequent words of many text files. Rank 0 walks the folder and hands out the names; the others read and count,
// and send back no more than their counts.
//
//     tsmpi run -n 8 wordcount.ts                all .txt and .md files below this directory
//     tsmpi run -n 8 wordcount.ts ~/books 20     another directory, and the first 20 words
import { opendir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { init, pool } from "tsmpi";

type Counts = Map<string, number>;

async function countWords(file: string): Promise<Counts> {
  const counts: Counts = new Map();
  const text = await readFile(file, "utf8");
  for (const [word] of text.toLowerCase().matchAll(/\p{L}[\p{L}\p{M}'’]*/gu))
    counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Text files, one by one: a tree of millions of files needs no list. */
async function* textFiles(directory: string): AsyncGenerator<string> {
  for await (const entry of await opendir(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules") yield* textFiles(path);
    else if (entry.isFile() && /\.(txt|md)$/.test(entry.name)) yield path;
  }
}

await using world = await init();
const [directory = ".", most = "10"] = process.argv.slice(2);

await pool(world, { countWords }, async (workers) => {
  const total: Counts = new Map();
  let files = 0;
  // In whatever order they are ready: sums do not mind.
  for await (const counts of workers.imapUnordered("countWords", textFiles(directory), { retries: 1 })) {
    for (const [word, count] of counts) total.set(word, (total.get(word) ?? 0) + count);
    files++;
  }
  const ranking = [...total].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, Number(most));
  for (const [word, count] of ranking) console.log(`${String(count).padStart(8)}  ${word}`);
  console.log(`${total.size} words in ${files} files`);
});
