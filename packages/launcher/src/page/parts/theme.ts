import { interpolateCividis } from "d3-scale-chromatic";

type Theme = "light" | "dark";

const changes: (() => void)[] = [];
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const print = window.matchMedia("print");
let chosen: Theme | undefined;

/** Calls `redraw` whenever the colours of the page change: canvases have no style sheet. */
export function onTheme(redraw: () => void): void {
  changes.push(redraw);
}

/** The theme in which the page is now. Paper is light. */
export function theme(): Theme {
  if (print.matches) return "light";
  return chosen ?? (dark.matches ? "dark" : "light");
}

/** Follows the system's theme, the switch and the printer. */
export function followTheme(button: HTMLButtonElement): void {
  const apply = (): void => {
    const now = theme();
    document.documentElement.dataset["theme"] = now;
    button.setAttribute("aria-pressed", String(now === "dark"));
    for (const redraw of changes) redraw();
  };
  button.addEventListener("click", () => {
    chosen = theme() === "dark" ? "light" : "dark";
    apply();
  });
  dark.addEventListener("change", apply);
  print.addEventListener("change", apply);
  apply();
}

/** A colour of the style sheet, `--name`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The colour of a heat map's cell, from 0 to 1. More is darker on white, and brighter on black. */
export function heat(share: number): string {
  return interpolateCividis(theme() === "dark" ? 0.12 + 0.88 * share : 0.96 - 0.96 * share);
}

/** The colour of words on such a cell. */
export function onHeat(share: number): string {
  const bright = theme() === "dark" ? share > 0.45 : share < 0.5;
  return bright ? "#14171a" : "#ffffff";
}
