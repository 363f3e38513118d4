// Light, dark, or as the desk's own setting has it; kept in this browser only.
import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
const KEY = "ridethrough.theme";

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "auto";
  } catch {
    return "auto"; // storage is shut: the theme lasts as long as the page
  }
}

export const theme = signal<Theme>(kept());
/** Rises with every change of colours, for what reads them from the style sheet. */
export const colours = signal(0);

export function nextTheme(): void {
  theme.value = theme.value === "auto" ? "light" : theme.value === "light" ? "dark" : "auto";
}

export function startTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const system = signal(dark.matches);
  dark.addEventListener("change", () => {
    system.value = dark.matches;
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value === "auto" ? (system.value ? "dark" : "light") : theme.value;
    colours.value = colours.peek() + 1;
    try {
      localStorage.setItem(KEY, theme.value);
    } catch {
      return; // see kept()
    }
  });
}
