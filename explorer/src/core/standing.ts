// How the drawn things stand now, without any what-if: what is down, which switches are open, which lines carry something.
import type { GraphEdge, GraphNode, GraphView } from "./types";

export type Stand = Pick<GraphNode, "id" | "down" | "position">;

/** The drawing with what is known of its nodes now; the very same drawing where nothing has changed. */
export function standingNow(view: GraphView, now: readonly Stand[]): GraphView {
  const stands = new Map(now.map((stand) => [stand.id, stand]));
  let changed = false;
  const nodes = view.nodes.map((node) => {
    const stand = stands.get(node.id);
    if (!stand || (stand.down === node.down && stand.position === node.position)) return node;
    changed = true;
    return { ...node, down: stand.down, position: stand.position };
  });
  return changed ? { ...view, nodes } : view;
}

/** What a line does: it carries, or it hands on nothing, and what it leads to is then down or lives by another line. */
export function carries(source: Stand, target: Stand): "something" | "nothing" | "nothing, and is missed" {
  if (source.position !== "open" && !source.down) return "something";
  return target.down ? "nothing, and is missed" : "nothing";
}

/** The lines to draw: all supply, and of the other relations (place, part, tenant) those of the middle and of the selected node. */
export function linesOf(view: GraphView, selected: string | null): GraphEdge[] {
  const about = new Set([selected, view.center]);
  return view.edges.filter(({ medium, source, target }) => medium !== null || about.has(source) || about.has(target));
}
