/**
 * What a rank loads before its script. Node passes `--import` on to workers and forked children of the script, so the directory
 * of the job is part of the name:
 *
 * node --enable-source-maps --import file:///.../preload.js?/dev/shm/tsmpi-Ab3xYz /home/me/pi.ts 1000
 */
import { fileURLToPath } from "node:url";
import { startHooks } from "./start-hooks.ts";

const table = startHooks(decodeURIComponent(new URL(import.meta.url).search.slice(1)));
if (table?.name !== undefined && process.argv[1] === fileURLToPath(table.script)) process.argv[1] = table.name;
