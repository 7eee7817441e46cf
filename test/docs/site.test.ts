import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

// What can be said of the site without building it; test/browser/site.browser.ts builds it and opens every page.
const docs = fileURLToPath(new URL("../../docs/", import.meta.url));
const files = readdirSync(docs, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md") && !/^api\/|node_modules/.test(name))
  .sort();
const config = readFileSync(join(docs, ".vitepress/config.ts"), "utf8");

/** Links to pages of the site, but those that typedoc writes. */
function linksOf(file: string): { target: string; anchor: string | undefined }[] {
  const text = readFileSync(join(docs, file), "utf8").replace(/^```.*?^```/gms, "");
  return [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
    .map(([, target = "", anchor]) => ({ target, anchor }))
    .filter(({ target }) => !target.startsWith("/api/"));
}

/** The file that a link leads to, from the site's root or from its page; undefined where there is none. */
function fileOf(page: string, target: string): string | undefined {
  if (target === "") return join(docs, page);
  const path = target.startsWith("/") ? join(docs, target) : join(docs, dirname(page), target);
  return [path, `${path}.md`, join(path, "index.md")].find((each) => /\.\w+$/.test(each) && existsSync(each));
}

/** A heading's anchor, as the site makes it. */
function anchorOf(heading: string): string {
  return heading
    .replace(/`|\*\*|\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[\s~`!@#$%^&*()\-_+=[\]{}|\\;:"'“”‘’<>,.?/]+/g, "-")
    .replace(/^-|-$/g, "");
}

describe("the site", () => {
  test.each(files)("%s: its links lead to pages, and to headings of these", (page) => {
    const broken = linksOf(page).filter(({ target, anchor }) => {
      const file = fileOf(page, target);
      if (file === undefined) return true;
      if (anchor === undefined || !file.endsWith(".md")) return false;
      const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
      return !headings.includes(anchor);
    });
    // docs/survive.md links to a page that is being written.
    expect(broken.filter(({ target }) => target !== "checkpoints.md")).toEqual([]);
  });

  test("lists every page", () => {
    const folders = [...config.matchAll(/\n? *"(\/guide\/[\w-]+)",?\n?\)?/g)].map(([, path]) => path!);
    const listed = (file: string): boolean => {
      const path = `/${file.replace(/\.md$/, "")}`;
      return config.includes(`"${path}"`) || folders.includes(dirname(path));
    };
    expect(files.filter((file) => file !== "index.md" && !listed(file)).map((file) => relative("", file))).toEqual([]);
  });
});
