// Names under the nodes; one that would lie over another is left out until there is room for it.
import type { NodeDisplayData, PartialButFor } from "sigma/types";

type Drawn = PartialButFor<NodeDisplayData, "x" | "y" | "size" | "label" | "color">;

const FONT = "12px system-ui, sans-serif";
const HEIGHT = 15;

export class Labels {
  private taken: [number, number, number, number][] = [];

  clear(): void {
    this.taken = [];
  }

  draw(context: CanvasRenderingContext2D, data: Drawn, text: string, ground: string, room: number): void {
    if (!data.label) return;
    context.font = FONT;
    const width = context.measureText(data.label).width + 6;
    const left = Math.max(0, Math.min(room - width, data.x - width / 2));
    const top = data.y + data.size * 0.75 + 1;
    const free = this.taken.every(([l, t, r, b]) => left > r || left + width < l || top > b || top + HEIGHT < t);
    if (!free && !data.forceLabel) return;
    this.taken.push([left, top, left + width, top + HEIGHT]);
    context.textAlign = "center";
    context.textBaseline = "top";
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = ground;
    context.strokeText(data.label, left + width / 2, top + 1);
    context.fillStyle = text;
    context.fillText(data.label, left + width / 2, top + 1);
  }
}

export function drawHover(context: CanvasRenderingContext2D, data: Drawn, text: string, panel: string, ring: string): void {
  if (!data.label) return;
  context.font = FONT;
  const width = context.measureText(data.label).width + 14;
  const [left, top] = [data.x - width / 2, data.y + data.size * 0.75];
  context.fillStyle = panel;
  context.strokeStyle = ring;
  context.lineWidth = 1;
  context.beginPath();
  context.rect(left, top, width, HEIGHT + 5);
  context.fill();
  context.stroke();
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillStyle = text;
  context.fillText(data.label, data.x, top + 4);
}
