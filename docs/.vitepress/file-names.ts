import { isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { MarkdownRenderer } from "vitepress";

const docs = fileURLToPath(new URL("..", import.meta.url));

/** Shows the name of a program's file above it, and links that lead out of `docs/` as text: the site does not have them. */
export function withFileNames(markdown: MarkdownRenderer): void {
  const fence = markdown.renderer.rules.fence!;
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const [, name] = /\[([^\]]*[./][^\]]*)\]/.exec(tokens[index]!.info) ?? [];
    const html = fence(tokens, index, ...rest);
    if (name === undefined || isTab(tokens.slice(0, index).map(({ type }) => type))) return html;
    return `<div class="file-name">${markdown.utils.escapeHtml(name)}</div>${html}`;
  };
  markdown.core.ruler.push("links-out-of-docs", ({ tokens, env }) => {
    const page = (env as { path: string }).path;
    for (const { children } of tokens) {
      let isOpen = false;
      for (const token of children ?? []) {
        const href = String(token.attrGet("href") ?? "");
        if (token.type === "link_open" && leavesDocs(href, page)) isOpen = true;
        else if (token.type !== "link_close" || !isOpen) continue;
        else isOpen = false;
        token.type = "text";
        token.tag = "";
        token.content = "";
        token.nesting = 0;
      }
    }
  });
}

/** Whether the tokens before a block have left a group of tabs open: there its name is on the tab. */
function isTab(before: readonly string[]): boolean {
  return before.lastIndexOf("container_code-group_open") > before.lastIndexOf("container_code-group_close");
}

function leavesDocs(href: string, page: string): boolean {
  if (!href.startsWith(".")) return false;
  const path = relative(docs, resolve(page, "..", href.replace(/#.*/, "")));
  return path.startsWith("..") || isAbsolute(path);
}
