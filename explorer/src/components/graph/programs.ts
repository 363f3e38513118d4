// What the graph is drawn with: nodes whose shape is their outcome, and lines whose pattern is their medium.
//
// Both follow sigma's own programs (NodeCircleProgram and EdgeRectangleProgram, MIT); the shapes and the dashes are ours.
import { EdgeProgram, NodeProgram, type ProgramInfo } from "sigma/rendering";
import type { EdgeDisplayData, NodeDisplayData, RenderParams } from "sigma/types";
import { floatColor } from "sigma/utils";

/**
 * At rest a ring; an outcome fills its own shape; what fails is a cross. Now: an open switch is an open contact, what is down a hollow square.
 * At an instant of a what-if: a square of which half is filled may be dark, a circle of which the upper half is filled is still carried.
 */
export const SHAPES = { rest: 0, reduced: 1, lost: 2, overloaded: 3, noRedundancy: 4, failed: 5, open: 6, down: 7, perhaps: 8, carried: 9 } as const;
/** Added to a shape's number: the focus ring of the selected node. */
export const SELECTED = 16;

const { FLOAT, UNSIGNED_BYTE, TRIANGLES } = WebGLRenderingContext;

const NODE_VERTEX = /* glsl */ `
attribute vec4 a_id;
attribute vec4 a_color;
attribute vec2 a_position;
attribute float a_size;
attribute float a_shape;
attribute float a_angle;
uniform mat3 u_matrix;
uniform float u_sizeRatio;
uniform float u_correctionRatio;
varying vec4 v_color;
varying vec2 v_at;
varying float v_shape;
varying float v_pixel;
const float bias = 255.0 / 254.0;
void main() {
  float size = a_size * u_correctionRatio / u_sizeRatio * 4.0;
  vec2 reach = size * vec2(cos(a_angle), sin(a_angle));
  gl_Position = vec4((u_matrix * vec3(a_position + reach, 1)).xy, 0, 1);
  v_at = reach / (size / 2.0);
  v_shape = a_shape;
  v_pixel = u_correctionRatio * 2.0 / (size / 2.0);
  #ifdef PICKING_MODE
  v_color = a_id;
  #else
  v_color = a_color;
  #endif
  v_color.a *= bias;
}`;

// Distances are in radii of the node; negative is inside.
const NODE_FRAGMENT = /* glsl */ `
precision highp float;
varying vec4 v_color;
varying vec2 v_at;
varying float v_shape;
varying float v_pixel;
uniform vec3 u_ring;
uniform vec3 u_ground;
float box(vec2 p, vec2 b) { vec2 d = abs(p) - b; return max(d.x, d.y); }
float bar(vec2 p, vec2 from, vec2 to) { vec2 a = p - from, b = to - from; return length(a - b * clamp(dot(a, b) / dot(b, b), 0.0, 1.0)); }
float shapeAt(vec2 p, float shape) {
  if (shape < 0.5) return length(p) - 0.58;
  if (shape < 1.5) return length(p) - 0.66;
  if (shape < 2.5) return box(p, vec2(0.58));
  if (shape < 3.5) return max(abs(p.x) * 0.88 + p.y * 0.47, -p.y - 0.1) - 0.36;
  if (shape < 4.5) return (abs(p.x) + abs(p.y) - 0.84) * 0.7071;
  if (shape > 8.5) { float c = length(p) - 0.66; return max(c, min(-c - 0.17, -p.y)); }
  if (shape > 7.5) { float b = box(p, vec2(0.6)); return max(b, min(-b - 0.17, p.x)); }
  if (shape > 6.5) { float b = box(p, vec2(0.6)); return max(b, -b - 0.2); }
  if (shape > 5.5) return min(bar(p, vec2(-0.1, -0.5), vec2(0.5, 0.45)) - 0.09, min(length(p - vec2(-0.1, -0.58)), length(p - vec2(-0.1, 0.62))) - 0.2);
  vec2 q = vec2(p.x + p.y, p.y - p.x) * 0.7071;
  return min(box(q, vec2(0.78, 0.17)), box(q, vec2(0.17, 0.78)));
}
void main(void) {
  float selected = step(15.5, v_shape);
  float shape = v_shape - 16.0 * selected;
  #ifdef PICKING_MODE
  gl_FragColor = length(v_at) > 0.9 ? vec4(0.0) : v_color;
  #else
  float d = shapeAt(v_at, shape);
  float inside = 1.0 - smoothstep(-v_pixel, v_pixel * 0.5, d);
  vec4 fill = v_color;
  if (shape < 0.5) fill = mix(v_color, vec4(u_ground, v_color.a), 1.0 - smoothstep(-0.24 - v_pixel, -0.24, d));
  float behind = shape > 8.5 ? length(v_at) - 0.66 : shape > 6.5 ? box(v_at, vec2(0.6)) : shape > 5.5 ? length(v_at) - 0.8 : 1.0;
  vec4 drawn = mix(vec4(u_ground, 1.0) * (1.0 - smoothstep(-v_pixel, v_pixel * 0.5, behind)), fill, inside);
  float ring = abs(length(v_at) - 0.9) - 0.07;
  float ringed = selected * (1.0 - smoothstep(-v_pixel, v_pixel * 0.5, ring));
  gl_FragColor = mix(drawn, vec4(u_ring, 1.0), ringed);
  #endif
}`;

export interface Palette {
  ring: readonly [number, number, number];
  ground: readonly [number, number, number];
}

const NODE_UNIFORMS = ["u_sizeRatio", "u_correctionRatio", "u_matrix", "u_ring", "u_ground"] as const;
type NodeUniform = (typeof NODE_UNIFORMS)[number];

/** A node program that takes its ring and ground colours from the theme as it stands when a frame is drawn. */
export function shapeProgram(palette: () => Palette) {
  return class ShapeProgram extends NodeProgram<NodeUniform> {
    getDefinition() {
      return {
        VERTICES: 3,
        VERTEX_SHADER_SOURCE: NODE_VERTEX,
        FRAGMENT_SHADER_SOURCE: NODE_FRAGMENT,
        METHOD: TRIANGLES,
        UNIFORMS: NODE_UNIFORMS,
        ATTRIBUTES: [
          { name: "a_position", size: 2, type: FLOAT },
          { name: "a_size", size: 1, type: FLOAT },
          { name: "a_shape", size: 1, type: FLOAT },
          { name: "a_color", size: 4, type: UNSIGNED_BYTE, normalized: true },
          { name: "a_id", size: 4, type: UNSIGNED_BYTE, normalized: true },
        ],
        CONSTANT_ATTRIBUTES: [{ name: "a_angle", size: 1, type: FLOAT }],
        CONSTANT_DATA: [[0], [(2 * Math.PI) / 3], [(4 * Math.PI) / 3]],
      };
    }

    processVisibleItem(node: number, from: number, data: NodeDisplayData & { shape?: number }): void {
      this.array.set([data.x, data.y, data.size, data.shape ?? 0, floatColor(data.color), node], from);
    }

    setUniforms(params: RenderParams, { gl, uniformLocations: at }: ProgramInfo<NodeUniform>): void {
      const { ring, ground } = palette();
      gl.uniform1f(at.u_correctionRatio, params.correctionRatio);
      gl.uniform1f(at.u_sizeRatio, params.sizeRatio);
      gl.uniformMatrix3fv(at.u_matrix, false, params.matrix);
      gl.uniform3f(at.u_ring, ...ring);
      gl.uniform3f(at.u_ground, ...ground);
    }
  };
}

const EDGE_VERTEX = /* glsl */ `
attribute vec4 a_id;
attribute vec4 a_color;
attribute vec2 a_normal;
attribute float a_normalCoef;
attribute vec2 a_positionStart;
attribute vec2 a_positionEnd;
attribute float a_positionCoef;
attribute vec2 a_pattern;
uniform mat3 u_matrix;
uniform float u_sizeRatio;
uniform float u_correctionRatio;
uniform float u_minEdgeThickness;
uniform vec2 u_viewport;
varying vec4 v_color;
varying float v_along;
varying vec2 v_pattern;
const float bias = 255.0 / 254.0;
void main() {
  vec2 normal = a_normal * a_normalCoef;
  vec2 position = mix(a_positionStart, a_positionEnd, a_positionCoef);
  float normalLength = length(normal);
  vec2 unitNormal = normalLength > 0.0 ? normal / normalLength : vec2(0.0);
  float thickness = max(normalLength, u_minEdgeThickness * u_sizeRatio) * u_correctionRatio / u_sizeRatio;
  gl_Position = vec4((u_matrix * vec3(position + unitNormal * thickness, 1)).xy, 0, 1);
  vec2 start = (u_matrix * vec3(a_positionStart, 1)).xy;
  vec2 end = (u_matrix * vec3(a_positionEnd, 1)).xy;
  v_along = a_positionCoef * length((end - start) * u_viewport * 0.5);
  v_pattern = a_pattern;
  #ifdef PICKING_MODE
  v_color = a_id;
  #else
  v_color = a_color;
  #endif
  v_color.a *= bias;
}`;

const EDGE_FRAGMENT = /* glsl */ `
precision highp float;
varying vec4 v_color;
varying float v_along;
varying vec2 v_pattern;
void main(void) {
  #ifdef PICKING_MODE
  gl_FragColor = v_color;
  #else
  float period = v_pattern.x + v_pattern.y;
  gl_FragColor = v_pattern.y > 0.0 && mod(v_along, period) > v_pattern.x ? vec4(0.0) : v_color;
  #endif
}`;

const EDGE_UNIFORMS = ["u_matrix", "u_sizeRatio", "u_correctionRatio", "u_minEdgeThickness", "u_viewport"] as const;
type EdgeUniform = (typeof EDGE_UNIFORMS)[number];

export class PatternProgram extends EdgeProgram<EdgeUniform> {
  getDefinition() {
    return {
      VERTICES: 6,
      VERTEX_SHADER_SOURCE: EDGE_VERTEX,
      FRAGMENT_SHADER_SOURCE: EDGE_FRAGMENT,
      METHOD: TRIANGLES,
      UNIFORMS: EDGE_UNIFORMS,
      ATTRIBUTES: [
        { name: "a_positionStart", size: 2, type: FLOAT },
        { name: "a_positionEnd", size: 2, type: FLOAT },
        { name: "a_normal", size: 2, type: FLOAT },
        { name: "a_pattern", size: 2, type: FLOAT },
        { name: "a_color", size: 4, type: UNSIGNED_BYTE, normalized: true },
        { name: "a_id", size: 4, type: UNSIGNED_BYTE, normalized: true },
      ],
      CONSTANT_ATTRIBUTES: [
        { name: "a_positionCoef", size: 1, type: FLOAT },
        { name: "a_normalCoef", size: 1, type: FLOAT },
      ],
      CONSTANT_DATA: [[0, 1], [0, -1], [1, 1], [1, 1], [0, -1], [1, -1]],
    };
  }

  processVisibleItem(
    edge: number,
    from: number,
    source: NodeDisplayData,
    target: NodeDisplayData,
    data: EdgeDisplayData & { pattern?: readonly [number, number] },
  ): void {
    const dx = target.x - source.x;
    const dy = target.y - source.y;
    const length = Math.hypot(dx, dy);
    const scale = length ? (data.size || 1) / length : 0;
    const [on, off] = data.pattern ?? [1, 0];
    this.array.set([source.x, source.y, target.x, target.y, -dy * scale, dx * scale, on, off, floatColor(data.color), edge], from);
  }

  setUniforms(params: RenderParams, { gl, uniformLocations: at }: ProgramInfo<EdgeUniform>): void {
    gl.uniformMatrix3fv(at.u_matrix, false, params.matrix);
    gl.uniform1f(at.u_sizeRatio, params.sizeRatio);
    gl.uniform1f(at.u_correctionRatio, params.correctionRatio);
    gl.uniform1f(at.u_minEdgeThickness, params.minEdgeThickness);
    gl.uniform2f(at.u_viewport, params.width, params.height);
  }
}
