/**
 * The first import of a rank's program. Makes the process look as if Node had been started with the script itself. The
 * program is Node's main module, so errors, exit codes and an unsettled top-level `await` are Node's own.
 *
 * node --enable-source-maps <directory>/pi-0123456789abcdef.mjs /home/me/pi.ts 1000
 *
 * No imports here, because every rank reads this file.
 */
export {};

process.argv.splice(1, 1);
