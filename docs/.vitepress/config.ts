import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type DefaultTheme, defineConfig } from "vitepress";
import { withFileNames } from "./file-names.ts";

const near = (path: string): URL => new URL(path, import.meta.url);
const { version } = JSON.parse(readFileSync(near("../../packages/core/package.json"), "utf8")) as { version: string };

/** Entries whose page is there. */
function written(entries: readonly [text: string, link: string][]): DefaultTheme.SidebarItem[] {
  return entries.filter(([, link]) => existsSync(near(`..${link}.md`))).map(([text, link]) => ({ text, link }));
}

const guide: DefaultTheme.SidebarItem[] = [
  { text: "Start", link: "/guide/start" },
  {
    text: "Tutorial",
    items: written([
      ["1. Hello", "/guide/tutorial/01-hello"],
      ["2. Who am I", "/guide/tutorial/02-who-am-i"],
      ["3. Share a loop out", "/guide/tutorial/03-share-a-loop"],
      ["4. Send and receive", "/guide/tutorial/04-send-and-receive"],
      ["5. Collectives", "/guide/tutorial/05-collectives"],
      ["6. A map", "/guide/tutorial/06-map"],
      ["7. A grid with halos", "/guide/tutorial/07-grid"],
      ["8. Windows", "/guide/tutorial/08-windows"],
      ["9. Files and .npy", "/guide/tutorial/09-files"],
      ["10. Look at the report", "/guide/tutorial/10-report"],
      ["11. Make it faster", "/guide/tutorial/11-faster"],
      ["12. Run on PBS and Slurm", "/guide/tutorial/12-cluster"],
      ["13. Survive a failure", "/guide/tutorial/13-survive"],
    ]),
  },
  {
    text: "Coming from",
    items: written([
      ["mpi4py", "/guide/coming-from/mpi4py"],
      ["multiprocessing", "/guide/coming-from/multiprocessing"],
      ["Dask", "/guide/coming-from/dask"],
      ["Ray", "/guide/coming-from/ray"],
      ["MPI in C", "/guide/coming-from/mpi-in-c"],
      ["worker_threads", "/guide/coming-from/worker-threads"],
      ["mpi4py, every call", "/from-mpi4py"],
      ["multiprocessing, every call", "/from-multiprocessing"],
      ["A course, redone", "/course"],
    ]),
  },
];

const exact: DefaultTheme.SidebarItem[] = [
  {
    text: "Calls and values",
    items: written([
      ["Options of every call", "/calls"],
      ["Values", "/values"],
      ["Regions of grids", "/regions"],
      ["Files", "/files"],
      ["Windows", "/windows"],
    ]),
  },
  {
    text: "Runs",
    items: written([
      ["The report", "/report"],
      ["Find mistakes: --check", "/check"],
      ["Slips", "/slips"],
      ["Where ranks run", "/placement"],
      ["Restarts", "/restarts"],
      ["Checkpoints", "/checkpoints"],
      ["Going on without ranks", "/survive"],
      ["More ranks", "/spawn"],
      ["Reliability", "/reliability"],
    ]),
  },
  {
    text: "Clusters",
    items: written([
      ["PBS", "/pbs"],
      ["Slurm", "/slurm"],
      ["SGE and LSF", "/schedulers"],
      ["ssh", "/ssh"],
    ]),
  },
  {
    text: "Inside",
    items: written([
      ["Performance", "/performance"],
      ["Architecture", "/architecture"],
      ["Decisions", "/decisions"],
      ["The wire", "/wire"],
    ]),
  },
];

/** The pages that typedoc has written: `npm run docs:api`. */
function reference(): DefaultTheme.SidebarItem[] {
  const file = fileURLToPath(near("../api/pages/typedoc-sidebar.json"));
  if (!existsSync(file)) throw new Error("the API's pages are missing: npm run docs:api");
  return JSON.parse(readFileSync(file, "utf8")) as DefaultTheme.SidebarItem[];
}

export default defineConfig({
  title: "tsmpi",
  description: "MPI for TypeScript, on a laptop and on a cluster",
  lang: "en",
  cleanUrls: false,
  srcExclude: ["api/README.md"],
  // docs/survive.md links to a page that is being written.
  ignoreDeadLinks: [/\/checkpoints$/],
  // Everything comes from the site itself: it works without a network, and nobody learns who reads it.
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: { config: withFileNames },
  themeConfig: {
    nav: [
      { text: "Guide", link: "/guide/start", activeMatch: "^/guide/" },
      { text: "Pages", link: "/calls" },
      { text: "API", link: "/api/pages/", activeMatch: "^/api/" },
      { text: `v${version}`, link: "/api/pages/" },
    ],
    sidebar: {
      "/api/": [{ text: `API of ${version}`, items: reference() }],
      "/guide/": guide,
      "/": [...guide.map((part) => ({ ...part, collapsed: true })), ...exact],
    },
    search: { provider: "local" },
    outline: [2, 3],
  },
});
