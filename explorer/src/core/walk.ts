// Ways through the drawn graph: by the arrow keys, and along the supply chain of one node.
import type { GraphNode, GraphView } from "./types";

export type Arrow = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";

export function isArrow(key: string): key is Arrow {
  return key === "ArrowUp" || key === "ArrowDown" || key === "ArrowLeft" || key === "ArrowRight";
}

/** The node that an arrow key leads to: left and right along the level, up and down to the next level, joined nodes first. */
export function step(view: GraphView, from: string | null, arrow: Arrow): string | null {
  const here = view.nodes.find(({ id }) => id === from);
  if (!here) return view.nodes.find(({ id }) => id === view.center)?.id ?? view.nodes[0]?.id ?? null;
  return (arrow === "ArrowLeft" || arrow === "ArrowRight" ? along(view, here, arrow) : across(view, here, arrow))?.id ?? null;
}

function along(view: GraphView, here: GraphNode, arrow: Arrow): GraphNode | undefined {
  const row = view.nodes.filter(({ level }) => level === here.level).sort((a, b) => a.x - b.x || (a.id < b.id ? -1 : 1));
  return row[row.indexOf(here) + (arrow === "ArrowLeft" ? -1 : 1)];
}

function across(view: GraphView, here: GraphNode, arrow: Arrow): GraphNode | undefined {
  const sign = arrow === "ArrowUp" ? -1 : 1;
  const joined = new Set<string>();
  for (const { source, target } of view.edges) {
    if (source === here.id) joined.add(target);
    if (target === here.id) joined.add(source);
  }
  const beyond = view.nodes.filter(({ level }) => sign * (level - here.level) > 0);
  const near = (node: GraphNode): number => (joined.has(node.id) ? 0 : 1e9) + Math.abs(node.level - here.level) * 1e6 + Math.abs(node.x - here.x);
  return beyond.sort((a, b) => near(a) - near(b) || (a.id < b.id ? -1 : 1))[0];
}

/** The node, all that supplies it, all that it supplies, and what it is joined to otherwise, as far as they are drawn. O(edges). */
export function chain(view: GraphView, id: string): Set<string> {
  const lit = new Set([id]);
  const down = new Map<string, string[]>();
  const up = new Map<string, string[]>();
  for (const { source, target, medium } of view.edges) {
    if (source === id || target === id) lit.add(source).add(target);
    if (medium === null) continue;
    down.set(source, [...(down.get(source) ?? []), target]);
    up.set(target, [...(up.get(target) ?? []), source]);
  }
  for (const next of [down, up]) {
    const seen = new Set([id]);
    const open = [id];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const other of next.get(at) ?? []) {
        if (seen.has(other)) continue;
        seen.add(other);
        lit.add(other);
        open.push(other);
      }
    }
  }
  return lit;
}
