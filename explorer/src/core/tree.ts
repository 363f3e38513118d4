// The class list as a tree: each class once, under the nearest superclass that has members too.
import { BRICK, DCX } from "./iri";
import type { ClassInfo } from "./types";

/** Classes that hold nearly everything, and so tell nothing of a thing. */
const FRAME = new Set([
  `${BRICK}Entity`,
  `${BRICK}Class`,
  "https://w3id.org/rec#Asset",
  "http://data.ashrae.org/standard223#Concept",
  "http://data.ashrae.org/standard223#ExternalReference",
]);

/** What an operator looks for first; roots that are not named here follow by name. */
const FIRST = [`${BRICK}Equipment`, "https://w3id.org/rec#Space", `${DCX}Service`, `${DCX}Tenant`, `${DCX}Redundancy_Group`, `${BRICK}Point`];

export interface Branch {
  info: ClassInfo;
  children: Branch[];
}

/**
 * Superclasses come nearest first. A class whose superclasses have no members is a root; one with the same members as its only
 * child gives its place to that child, so that the tree is no deeper than it tells something.
 */
export function childrenOf(classes: readonly ClassInfo[]): Branch[] {
  const branches = new Map(classes.filter(({ id, count }) => count > 0 && !FRAME.has(id)).map((info) => [info.id, { info, children: [] as Branch[] }]));
  const roots: Branch[] = [];
  for (const branch of branches.values()) {
    const supers = branch.info.superclasses.flatMap((id) => branches.get(id) ?? []);
    const above = supers.find((one) => !has(branch, one));
    (above?.children ?? roots).push(branch);
  }
  const place = ({ info }: Branch): number => {
    const at = FIRST.findIndex((id) => id === info.id || info.superclasses.includes(id));
    return at < 0 ? FIRST.length : at;
  };
  return inOrder(roots.map(shortened)).sort((a, b) => place(a) - place(b));
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
