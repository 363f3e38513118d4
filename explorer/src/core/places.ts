// Where the server's places come to stand in a pane: order and levels are the server's, the scale is the pane's.
import type { GraphNode } from "./types";

/** Share of the width between two nodes of a level, at most: few nodes stand together in the middle. */
const WIDEST_STEP = 0.24;
/** Levels apart by more than this many usual gaps are drawn as far apart as that. */
const WIDEST_GAP = 1.5;

/**
 * Each node's place, x from 0 to `aspect`, y from -1 (bottom) to 0 (top). The server's y grows downwards, from the sources to the loads.
 *
 * The server says which level a node is on and what stands left of what, for the whole site; the nodes of a level that are drawn share
 * the width of the pane in that order. O(n log n).
 */
export function places(nodes: readonly GraphNode[], aspect: number): Map<string, [number, number]> {
  const down = drawnTogether(nodes.map(({ y }) => y));
  const found = new Map<string, [number, number]>();
  for (const row of levels(nodes).values()) {
    row.sort((a, b) => a.x - b.x || (a.id < b.id ? -1 : 1));
    const step = Math.min(1 / row.length, WIDEST_STEP);
    row.forEach(({ id, y }, i) => found.set(id, [(0.5 + (i - (row.length - 1) / 2) * step) * aspect, -down(y)]));
  }
  return found;
}

function levels(nodes: readonly GraphNode[]): Map<number, GraphNode[]> {
  const rows = new Map<number, GraphNode[]>();
  for (const node of nodes) {
    const row = rows.get(node.level);
    if (row) row.push(node);
    else rows.set(node.level, [node]);
  }
  return rows;
}

/** From a coordinate to its share of the axis, 0 to 1; a single one is in the middle. */
function drawnTogether(given: readonly number[]): (at: number) => number {
  const marks = [...new Set(given)].sort((a, b) => a - b);
  const gaps = marks.slice(1).map((mark, i) => mark - (marks[i] ?? mark));
  const usual = [...gaps].sort((a, b) => a - b)[gaps.length >> 1] ?? 1;
  const share = new Map<number, number>();
  let sum = 0;
  marks.forEach((mark, i) => {
    sum += i === 0 ? 0 : Math.min(gaps[i - 1] ?? 0, usual * WIDEST_GAP);
    share.set(mark, sum);
  });
  return (at) => (sum > 0 ? (share.get(at) ?? 0) / sum : 0.5);
}

/** How large the nodes of each level may be drawn, 0.4 to 1, so that they stand apart in a pane of this width (CSS pixels). */
export function room(nodes: readonly GraphNode[], width: number): Map<number, number> {
  return new Map([...levels(nodes)].map(([level, row]) => [level, Math.min(1, Math.max(0.4, width / row.length / 16))]));
}
