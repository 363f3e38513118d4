// The class list as a tree: each class once, under the nearest superclass that has members too.
import type { ClassInfo } from "./types";

export interface Branch {
  info: ClassInfo;
  children: Branch[];
}

/**
 * Superclasses come nearest first. A class whose superclasses have no members is a root; one with the same members as its only
 * child gives its place to that child, so that the tree is no deeper than it tells something.
 */
export function childrenOf(classes: readonly ClassInfo[]): Branch[] {
  const branches = new Map(classes.filter(({ count }) => count > 0).map((info) => [info.id, { info, children: [] as Branch[] }]));
  const roots: Branch[] = [];
  for (const branch of branches.values()) {
    const parent = branch.info.superclasses.find((id) => id !== branch.info.id && branches.has(id));
    const above = parent === undefined ? undefined : branches.get(parent);
    if (above && !has(branch, above)) above.children.push(branch);
    else roots.push(branch);
  }
  return inOrder(roots.map(shortened));
}

/** Whether `wanted` hangs under `branch` already: two classes may each be the other's superclass. */
function has(branch: Branch, wanted: Branch): boolean {
  return branch === wanted || branch.children.some((child) => has(child, wanted));
}

function shortened(branch: Branch): Branch {
  const only = branch.children[0];
  if (only && branch.children.length === 1 && only.info.count === branch.info.count) return shortened(only);
  return { info: branch.info, children: inOrder(branch.children.map(shortened)) };
}

function inOrder(branches: Branch[]): Branch[] {
  return branches.sort((a, b) => a.info.label.localeCompare(b.info.label, "en", { numeric: true }) || (a.info.id < b.info.id ? -1 : 1));
}
