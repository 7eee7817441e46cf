import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type DefaultTheme, defineConfig } from "vitepress";
import { withFileNames } from "./file-names.ts";

const near = (path: string): URL => new URL(path, import.meta.url);
const { version } = JSON.parse(readFileSync(near("../../packages/core/package.json"), "utf8")) as { version: string };

/** Entries whose page is there. */
function written(entries: readonly [text: string, link: string][]): DefaultTheme.SidebarItem[] {
  return entries.filter(([, link]) => existsSync(near(`..${link}.md`))).map(([text, link]) => ({ text, link }));
}

/** The pages of a folder in the order of their names, each by its heading. */
function folder(text: string, path: string, ...others: [text: string, link: string][]): DefaultTheme.SidebarItem[] {
  const names = existsSync(near(`..${path}`))
    ? readdirSync(near(`..${path}`)).filter((name) => /\.md$/.test(name))
    : [];
  const own = names.sort().map((name): [string, string] => {
    const [, heading = name] = /^# (.*)$/m.exec(readFileSync(near(`..${path}/${name}`), "utf8")) ?? [];
    return [heading, `${path}/${name.replace(/(^index)?\.md$/, "")}`];
  });
  const items = [...own.map(([title, link]) => ({ text: title, link })), ...written(others)];
  return items.length === 0 ? [] : [{ text, items }];
}

const guide: DefaultTheme.SidebarItem[] = [
  ...written([["Start", "/guide/start"]]),
  ...folder("Tutorial", "/guide/tutorial"),
  ...folder(
    "Coming from",
    "/guide/coming-from",
    ["mpi4py, every call", "/from-mpi4py"],
    ["multiprocessing, every call", "/from-multiprocessing"],
    ["A course, redone", "/course"],
  ),
  ...folder("Cookbook", "/guide/cookbook"),
  ...folder("When it goes wrong", "/guide/trouble"),
  ...written([
    ["Performance guide", "/guide/performance-guide"],
    ["For administrators", "/guide/admin"],
    ["Promises", "/guide/promises"],
  ]),
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
    search: {
      provider: "local",
      options: {
        miniSearch: {
          searchOptions: {
            // Communicators inherit their calls: each is found once, where it is declared. VitePress sends this function to the browser.
            boostDocument: (id: string) => {
              if (/#(inherited-from|overrides)/.test(id)) return 0;
              if (/\/(Cart|Graph|Inter)?[Cc]ommunicator\.html#/.test(id)) return 0.1;
              return id.includes("/api/") ? 0.5 : 1;
            },
          },
        },
      },
    },
    outline: [2, 3],
  },
});
