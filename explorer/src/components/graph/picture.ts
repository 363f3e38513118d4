// The picture of a graph: where the server put the nodes, in the colours of the theme, abnormal ones by shape and colour.
import { MultiDirectedGraph } from "graphology";
import Sigma from "sigma";
import type { NodeValue } from "../../core/nodeValues";
import type { Look } from "../../core/outcomes";
import { MEDIA, mediumOf, OTHER } from "../../core/media";
import type { GraphEdge, GraphView } from "../../core/types";
import { places, room } from "../../core/places";
import { carries, linesOf, type Stand } from "../../core/standing";
import { drawHover, Labels } from "./labels";
import { PatternProgram, SELECTED, SHAPES, shapeProgram } from "./programs";

export interface Marks {
  selected: string | null;
  /** Nodes that stay as they are while the rest is dimmed; null: nothing is dimmed. */
  lit: ReadonlySet<string> | null;
  failed: ReadonlySet<string>;
  /** How each node that is not as it should be is shown. */
  looks: ReadonlyMap<string, Look>;
}

export interface Hands {
  select(id: string | null): void;
  visit(id: string): void;
  add(id: string): void;
}

interface Tokens {
  muted: string;
  line: string;
  ground: string;
  text: string;
  rest: string;
  ring: string;
  panel: string;
  media: Map<string, string>;
  looks: Map<string, string>;
}

/** Radii in CSS pixels; the shape fills about two thirds of it, the focus ring the rest. */
const RADIUS = { rest: 8, abnormal: 11 } as const;

export class Picture {
  private readonly sigma: Sigma;
  private readonly labels = new Labels();
  private readonly watch: ResizeObserver;
  private tokens: Tokens;
  private marks: Marks = { selected: null, lit: null, failed: new Set(), looks: new Map() };
  private view: GraphView | null = null;
  private aspect = 1;
  private lines: ReadonlySet<string> = new Set();
  private values: ReadonlyMap<string, NodeValue> = new Map();

  constructor(private readonly place: HTMLElement, hands: Hands) {
    this.tokens = readTokens();
    this.sigma = new Sigma(new MultiDirectedGraph(), place, {
      allowInvalidContainer: true,
      defaultNodeType: "shape",
      defaultEdgeType: "pattern",
      nodeProgramClasses: { shape: shapeProgram(() => ({ ring: channels(this.tokens.ring), ground: channels(this.tokens.ground) })) },
      edgeProgramClasses: { pattern: PatternProgram },
      nodeReducer: (id, data) => this.drawNode(id, data),
      edgeReducer: (id, data) => this.drawEdge(id, data),
      defaultDrawNodeLabel: (context, data) => this.labels.draw(context, data, this.tokens, place.clientWidth, this.values.get(data.key)),
      defaultDrawNodeHover: (context, data) => drawHover(context, data, this.tokens, this.values.get(data.key)),
      labelDensity: 4,
      labelGridCellSize: 60,
      labelRenderedSizeThreshold: 0,
      minEdgeThickness: 1,
      stagePadding: 44,
      zIndex: true,
      minCameraRatio: 0.02,
      maxCameraRatio: 2,
      doubleClickZoomingRatio: 1,
      zoomDuration: 0,
      inertiaDuration: 0,
    });
    this.sigma.on("beforeRender", () => this.labels.clear());
    this.sigma.on("clickNode", ({ node, event }) => (event.original.shiftKey ? hands.add(node) : hands.select(node)));
    this.sigma.on("doubleClickNode", ({ node, preventSigmaDefault }) => {
      preventSigmaDefault();
      hands.visit(node);
    });
    this.sigma.on("clickStage", () => hands.select(null));
    this.sigma.on("enterNode", () => place.classList.add("on-node"));
    this.sigma.on("leaveNode", () => place.classList.remove("on-node"));
    this.watch = new ResizeObserver(() => this.fitToPlace());
    this.watch.observe(place);
  }

  show(view: GraphView): void {
    const moved = this.view?.center !== view.center || this.view.nodes.length !== view.nodes.length;
    this.view = view;
    this.aspect = aspectOf(this.place);
    const graph = new MultiDirectedGraph();
    const where = places(view.nodes, this.aspect);
    const scale = room(view.nodes, this.place.clientWidth);
    for (const node of view.nodes) {
      const [x, y] = where.get(node.id) ?? [0, 0];
      const label = [node.label, node.hidden > 0 ? ` +${node.hidden}` : "", node.position === "open" ? " · open" : ""].join("");
      graph.addNode(node.id, { x, y, scale: scale.get(node.level) ?? 1, label, down: node.down, position: node.position });
    }
    for (const edge of view.edges) {
      const { source, target, medium } = edge;
      if (source === target || graph.hasEdge(keyOf(edge)) || !graph.hasNode(source) || !graph.hasNode(target)) continue;
      graph.addDirectedEdgeWithKey(keyOf(edge), source, target, { medium });
    }
    this.lines = new Set(linesOf(view, this.marks.selected).map(keyOf));
    this.sigma.setGraph(graph);
    if (moved) this.fit();
  }

  mark(marks: Marks): void {
    this.marks = marks;
    if (this.view) this.lines = new Set(linesOf(this.view, marks.selected).map(keyOf));
    this.sigma.refresh({ skipIndexation: false });
  }

  /** What is written under the names, live. */
  write(values: ReadonlyMap<string, NodeValue>): void {
    this.values = values;
    this.sigma.refresh({ skipIndexation: true });
  }

  recolour(): void {
    this.tokens = readTokens();
    this.sigma.refresh();
  }

  fit(): void {
    this.sigma.getCamera().setState({ x: 0.5, y: 0.5, ratio: 1, angle: 0 });
  }

  zoom(factor: number): void {
    const camera = this.sigma.getCamera();
    camera.setState({ ratio: camera.getBoundedRatio(camera.getState().ratio * factor) });
  }

  /** Where a node stands in the place, in CSS pixels; for tests that click on it. */
  whereIs(id: string): { x: number; y: number } | null {
    const data = this.sigma.getNodeDisplayData(id);
    return data ? this.sigma.framedGraphToViewport(data) : null;
  }

  end(): void {
    this.watch.disconnect();
    this.sigma.kill();
  }

  private fitToPlace(): void {
    const aspect = aspectOf(this.place);
    if (this.view && Math.abs(Math.log(aspect / this.aspect)) > 0.05) this.show(this.view);
    else this.sigma.resize();
    this.sigma.refresh();
  }

  private drawNode(id: string, data: Record<string, unknown>) {
    const { selected, lit, failed, looks } = this.marks;
    const look = looks.get(id);
    const open = data.position === "open";
    const down = data.down === true && !open;
    const abnormal = look !== undefined || failed.has(id) || down;
    const dim = lit !== null && !lit.has(id);
    const lookColour = look || down ? this.tokens.looks.get(look?.token ?? "lost") : undefined;
    const colour = failed.has(id) ? this.tokens.text : (lookColour ?? (open ? this.tokens.text : this.tokens.rest));
    const now = open ? SHAPES.open : down ? SHAPES.down : SHAPES.rest;
    const shape = failed.has(id) ? SHAPES.failed : look ? SHAPES[look.shape] : now;
    return {
      ...data,
      color: dim ? mix(colour, this.tokens.ground, abnormal ? 0.45 : 0.7) : colour,
      shape: shape + (id === selected ? SELECTED : 0),
      size: (abnormal || open ? RADIUS.abnormal : RADIUS.rest) * (id === selected ? 1 : Number(data.scale)) + (id === selected ? 3 : 0),
      label: dim && !failed.has(id) ? null : String(data.label),
      forceLabel: id === selected || failed.has(id),
      zIndex: id === selected ? 3 : abnormal ? 2 : dim ? 0 : 1,
    };
  }

  private drawEdge(id: string, data: Record<string, unknown>) {
    const graph = this.sigma.getGraph();
    const [source = "", target = ""] = graph.extremities(id);
    const { lit } = this.marks;
    const medium = mediumOf(data.medium as string | null);
    const tone = this.tokens.media.get(medium.token) ?? this.tokens.rest;
    const plain = medium === OTHER && source !== this.marks.selected && target !== this.marks.selected ? mix(tone, this.tokens.ground, 0.4) : tone;
    const load = data.medium === null ? "something" : carries(graph.getNodeAttributes(source) as Stand, graph.getNodeAttributes(target) as Stand);
    const lost = mix(this.tokens.looks.get("lost") ?? plain, this.tokens.ground, 0.35);
    const colour = load === "something" ? plain : load === "nothing" ? mix(plain, this.tokens.ground, 0.6) : lost;
    const dim = lit !== null && !(lit.has(source) && lit.has(target));
    return { ...data, hidden: !this.lines.has(id), pattern: medium.pattern, size: 1.4, color: dim ? mix(colour, this.tokens.ground, 0.75) : colour, zIndex: dim ? 0 : 1 };
  }
}

function keyOf({ source, target, medium, predicate }: GraphEdge): string {
  return `${source} ${target} ${medium ?? predicate}`;
}

function aspectOf(place: HTMLElement): number {
  return Math.max(place.clientWidth - 88, 100) / Math.max(place.clientHeight - 88, 100);
}

function readTokens(): Tokens {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    muted: token("muted"),
    line: token("line"),
    ground: token("ground"),
    panel: token("panel"),
    text: token("text"),
    rest: token("rest"),
    ring: token("focus"),
    media: new Map([...MEDIA, OTHER].map((medium) => [medium.token, token(`medium-${medium.token}`)])),
    looks: new Map(["lost", "overloaded", "no-redundancy", "reduced"].map((name) => [name, token(name)])),
  };
}

/** A `#rrggbb` colour as three channels from 0 to 1. */
function channels(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

/** `share` of the second colour in the first. */
function mix(colour: string, other: string, share: number): string {
  const [a, b] = [channels(colour), channels(other)];
  const hex = a.map((channel, i) => Math.round((channel + ((b[i] ?? 0) - channel) * share) * 255).toString(16).padStart(2, "0"));
  return `#${hex.join("")}`;
}
