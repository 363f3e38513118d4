// Names under the nodes, and under them what is read there; what would lie over another is left out until there is room for it.
import type { NodeDisplayData, PartialButFor } from "sigma/types";
import type { NodeValue } from "../../core/nodeValues";

type Drawn = PartialButFor<NodeDisplayData, "x" | "y" | "size" | "label" | "color">;

export interface Inks {
  text: string;
  muted: string;
  ground: string;
  panel: string;
  line: string;
  ring: string;
}

const FONT = "12px system-ui, sans-serif";
const HEIGHT = 15;

export class Labels {
  private taken: [number, number, number, number][] = [];

  clear(): void {
    this.taken = [];
  }

  draw(context: CanvasRenderingContext2D, data: Drawn, inks: Inks, room: number, value: NodeValue | undefined): void {
    if (!data.label) return;
    context.font = FONT;
    const top = data.y + data.size * 0.75 + 1;
    if (!this.line(context, data.label, data, top, inks.text, inks.ground, room, data.forceLabel === true) || value === undefined) return;
    this.value(context, value, data, top + HEIGHT, inks, room);
  }

  /** Whether there was room. */
  private line(context: CanvasRenderingContext2D, text: string, data: Drawn, top: number, ink: string, ground: string, room: number, force: boolean): boolean {
    const [left, width] = placed(context, text, data.x, room);
    const free = this.taken.every(([l, t, r, b]) => left > r || left + width < l || top > b || top + HEIGHT < t);
    if (!free && !force) return false;
    this.taken.push([left, top, left + width, top + HEIGHT - 1]);
    written(context, text, left + width / 2, top + 1, ink, ground);
    return true;
  }

  private value(context: CanvasRenderingContext2D, { text, look }: NodeValue, data: Drawn, top: number, inks: Inks, room: number): void {
    const [left, width] = placed(context, text, data.x, room);
    if (!this.taken.every(([l, t, r, b]) => left > r || left + width < l || top > b || top + HEIGHT < t)) return;
    this.taken.push([left, top, left + width, top + HEIGHT - 1]);
    if (look === "hatched") hatch(context, left, top, width, inks.line);
    written(context, text, left + width / 2, top + 1, look === "plain" ? inks.text : inks.muted, inks.ground);
    if (look === "struck") strike(context, left + 3, top + HEIGHT / 2, width - 6, inks.text);
  }
}

export function drawHover(context: CanvasRenderingContext2D, data: Drawn, inks: Inks, value: NodeValue | undefined): void {
  if (!data.label) return;
  context.font = FONT;
  const lines = value === undefined ? [data.label] : [data.label, value.words];
  const width = Math.max(...lines.map((line) => context.measureText(line).width)) + 14;
  const [left, top] = [data.x - width / 2, data.y + data.size * 0.75];
  context.fillStyle = inks.panel;
  context.strokeStyle = inks.ring;
  context.lineWidth = 1;
  context.beginPath();
  context.rect(left, top, width, HEIGHT * lines.length + 5);
  context.fill();
  context.stroke();
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillStyle = inks.text;
  lines.forEach((line, i) => context.fillText(line, data.x, top + 4 + i * HEIGHT));
}

/** Left edge and width of a text under a node, inside the pane. */
function placed(context: CanvasRenderingContext2D, text: string, x: number, room: number): [number, number] {
  const width = context.measureText(text).width + 6;
  return [Math.max(0, Math.min(room - width, x - width / 2)), width];
}

function written(context: CanvasRenderingContext2D, text: string, x: number, top: number, ink: string, ground: string): void {
  context.textAlign = "center";
  context.textBaseline = "top";
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = ground;
  context.strokeText(text, x, top);
  context.fillStyle = ink;
  context.fillText(text, x, top);
}

function hatch(context: CanvasRenderingContext2D, left: number, top: number, width: number, ink: string): void {
  context.save();
  context.beginPath();
  context.rect(left, top, width, HEIGHT - 1);
  context.clip();
  context.strokeStyle = ink;
  context.lineWidth = 2;
  context.beginPath();
  for (let at = left - HEIGHT; at < left + width; at += 5) {
    context.moveTo(at, top + HEIGHT);
    context.lineTo(at + HEIGHT, top);
  }
  context.stroke();
  context.restore();
}

function strike(context: CanvasRenderingContext2D, left: number, middle: number, width: number, ink: string): void {
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(left, middle);
  context.lineTo(left + width, middle);
  context.stroke();
}
