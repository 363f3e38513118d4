// The picture that is on screen, for the controls around it.
import { signal } from "@preact/signals";
import type { Picture } from "./graph/picture";

export const canvas = signal<Picture | null>(null);

/** Whether this browser can draw with WebGL, in hardware or in software. */
export function canDraw(): boolean {
  try {
    const probe = document.createElement("canvas").getContext("webgl2") ?? document.createElement("canvas").getContext("webgl");
    probe?.getExtension("WEBGL_lose_context")?.loseContext();
    return probe !== null;
  } catch {
    return false;
  }
}
