/**
 * The first import of a rank's program: makes the process look as if Node had been started with the script itself.
 * The program is Node's main module, so that errors, exit codes and an unsettled top-level `await` are Node's own.
 *
 * node --enable-source-maps <directory>/pi-0123456789abcdef.mjs /home/me/pi.ts 1000
 *
 * It is read by every rank: no imports here.
 */
export {};

process.argv.splice(1, 1);
