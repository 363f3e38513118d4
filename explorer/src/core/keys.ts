// Every key of the explorer in one table: the handler obeys it and the help shows it.

export type Act =
  | "search" | "help" | "theme" | "impact" | "add" | "clear" | "table" | "fit" | "closer" | "farther" | "more" | "fewer" | "centre" | "leave"
  | "time" | "aside" | "flip" | "sweep" | "trends" | "data" | "history" | "sources" | "branches" | "when";

export interface Binding {
  keys: readonly string[];
  act: Act;
  words: string;
}

export const BINDINGS: readonly Binding[] = [
  { keys: ["/", "Ctrl+k"], act: "search", words: "search" },
  { keys: ["i"], act: "impact", words: "what if the selected node fails" },
  { keys: ["a"], act: "add", words: "add the selected node to the what-if" },
  { keys: ["c"], act: "clear", words: "clear the what-if" },
  { keys: ["e"], act: "time", words: "the course of the what-if in time, and back" },
  { keys: ["v"], act: "aside", words: "keep the what-if beside the next one; again: only the first" },
  { keys: ["x"], act: "flip", words: "of two what-ifs, draw the other one" },
  { keys: ["Enter"], act: "centre", words: "in the graph: draw it around the selected node" },
  { keys: ["g"], act: "table", words: "graph or its table" },
  { keys: ["n"], act: "sweep", words: "sweep: what each single failure takes down" },
  { keys: ["l"], act: "trends", words: "trends: what points have read" },
  { keys: ["d"], act: "data", words: "data health: what comes in, how late and how good" },
  { keys: ["h"], act: "history", words: "history, and back to the graph" },
  { keys: ["s"], act: "sources", words: "sources" },
  { keys: ["b"], act: "branches", words: "branches" },
  { keys: ["w"], act: "when", words: "look at another time" },
  { keys: ["]"], act: "more", words: "one step farther from the centre" },
  { keys: ["["], act: "fewer", words: "one step less" },
  { keys: ["+"], act: "closer", words: "zoom in" },
  { keys: ["-"], act: "farther", words: "zoom out" },
  { keys: ["0"], act: "fit", words: "show the whole graph" },
  { keys: ["t"], act: "theme", words: "theme: as the system, light, dark" },
  { keys: ["Escape"], act: "leave", words: "close, or select nothing" },
  { keys: ["?"], act: "help", words: "this list" },
];

/** The act that a key means, or undefined. Keys with Ctrl, Alt or Meta are the browser's, but for Ctrl+k. */
export function actOf(event: { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean }): Act | undefined {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return "search";
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  return BINDINGS.find(({ keys }) => keys.includes(event.key))?.act;
}
