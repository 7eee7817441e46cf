import { scaleLinear } from "d3-scale";

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
function theme(): Theme {
  if (print.matches) return "light";
  return chosen ?? (dark.matches ? "dark" : "light");
}

/** Follows the system's theme, the switch and the printer. */
export function followTheme(button: HTMLButtonElement): void {
  const apply = (): void => {
    const now = theme();
    document.documentElement.dataset["theme"] = now;
    button.textContent = now === "dark" ? "Light theme" : "Dark theme";
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

/** One hue, so that nobody needs to tell colours apart. More is darker on white, and brighter on black. */
const heats: Record<Theme, (share: number) => string> = {
  light: scaleLinear([0, 0.5, 1], ["#dfeaf4", "#5a9fcf", "#0a2f5c"]),
  dark: scaleLinear([0, 0.5, 1], ["#213446", "#3583bd", "#dcefff"]),
};

/** The colour of a heat map's cell, from 0 to 1. */
export function heat(share: number): string {
  return heats[theme()](share);
}

/** The colour of words on such a cell. */
export function onHeat(share: number): string {
  const isDarkCell = theme() === "dark" ? share < 0.62 : share > 0.42;
  return isDarkCell ? "#ffffff" : "#10151b";
}
