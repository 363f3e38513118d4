"""How the page looks: one sheet that fits A4 and Letter, black on white, colour never alone."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

SHEET_MM = (190, 258)
"""Width and height that both A4 and Letter hold within 9 mm of margin."""
STYLE = """
@page { size: auto; margin: 9mm; }
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; overflow-wrap: anywhere; background: #e9eaec; color: #1d2126;
  font: 7.7pt/1.3 "Liberation Sans", Arial, Helvetica, system-ui, sans-serif; font-variant-numeric: tabular-nums;
  -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.sheet { width: 190mm; min-height: 258mm; margin: 6mm auto; padding: 0; background: #fff; display: flex; flex-direction: column;
  outline: 6mm solid #fff; break-inside: avoid; }
.sheet.one { height: 258mm; overflow: hidden; }
.sheet + .sheet { break-before: page; margin-top: 20mm; }
@media print { body { background: #fff; } .sheet, .sheet + .sheet { margin: 0; outline: none; } }
header { display: flex; justify-content: space-between; align-items: flex-end; border-bottom: 0.5mm solid #1d2126; padding-bottom: 1mm; }
header h1 { margin: 0; font-size: 14pt; line-height: 1.15; }
header .fails { font-size: 9pt; }
header .basis { flex: none; max-width: 62mm; text-align: right; color: #3c434b; }
.headline { margin: 2mm 0 1.5mm; padding: 1.6mm 2.5mm; border: 0.5mm solid #1d2126; border-left-width: 2.5mm; }
.headline p { margin: 0; }
.headline .first { font-size: 13pt; font-weight: 700; line-height: 1.2; }
.headline .then { font-size: 9pt; }
.columns { display: flex; gap: 4mm; flex: 1 1 auto; min-height: 0; }
.left { width: 116mm; flex: none; }
.right { flex: 1 1 0; min-width: 0; }
h2 { font-size: 8.6pt; margin: 0 0 0.8mm; padding-bottom: 0.4mm; border-bottom: 0.2mm solid #7b848e; }
section { margin: 0 0 2.4mm; break-inside: avoid; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: 0.25mm 1.4mm 0.25mm 0; text-align: left; vertical-align: top; font-weight: 400; }
th { color: #3c434b; font-size: 6.8pt; line-height: 1.1; vertical-align: bottom; }
td.n, th.n { text-align: right; padding-right: 0; padding-left: 1.4mm; }
td.n, td.w { white-space: nowrap; overflow-wrap: normal; }
th { overflow-wrap: normal; }
p { margin: 0; }
svg.key { vertical-align: -0.5mm; }
td.t { width: 19mm; font-weight: 700; }
tr.line td { border-bottom: 0.1mm solid #c9cdd2; }
.worst { font-weight: 700; }
p.small, ul.small { margin: 0; color: #3c434b; font-size: 6.8pt; line-height: 1.25; }
ul.small { padding-left: 4mm; }
.legend { display: flex; flex-wrap: wrap; gap: 0.4mm 2.4mm; font-size: 6.8pt; margin-top: 1mm; white-space: nowrap; }
.legend span { display: inline-flex; align-items: center; gap: 1mm; }
.foot { display: flex; gap: 4mm; border-top: 0.3mm solid #1d2126; padding-top: 1.2mm; }
.foot > div { flex: 1 1 0; min-width: 0; }
.sign { display: flex; gap: 4mm; margin-top: 2mm; color: #3c434b; }
.sign span { flex: 1 1 0; border-bottom: 0.2mm solid #1d2126; padding-bottom: 0.5mm; }
.steps td { border-bottom: 0.1mm solid #c9cdd2; padding-top: 0.5mm; padding-bottom: 0.5mm; }
.box { display: inline-block; width: 3.2mm; height: 3.2mm; border: 0.3mm solid #1d2126; vertical-align: -0.6mm; }
.refused { font-weight: 700; }
svg.oneline { display: block; }
svg.oneline polyline, svg.oneline path, svg.oneline rect, svg.oneline circle { fill: none; stroke: #1d2126; stroke-width: 3; }
svg.oneline .wires .live { stroke-width: 4.5; }
svg.oneline .wires .dead { stroke: #5a626c; stroke-width: 2.2; stroke-dasharray: 9 7; }
svg .symbol rect, svg .symbol circle { fill: #fff; }
svg .symbol .bar, svg .symbol .dot { fill: #1d2126; }
svg .symbol text.in { fill: #1d2126; font-weight: 700; }
svg .names text { fill: #1d2126; paint-order: stroke; stroke: #fff; stroke-width: 5; stroke-linejoin: round; }
svg .names .name { font-weight: 700; }
svg .symbol.lost > *, svg .symbol.lost g > * { stroke: #b3001b; }
svg .symbol.lost rect, svg .symbol.lost circle { fill: #f3dcdf; }
svg .symbol.lost .bar, svg .symbol.lost .dot { fill: #b3001b; }
svg .symbol.failed .field { fill: #fff; stroke: #1d2126; stroke-width: 4; }
svg .symbol.failed .fails { stroke: #b3001b; stroke-width: 6; }
svg .symbol.overloaded > * { stroke: #a34700; }
svg .symbol.no_redundancy > *, svg .symbol.no_redundancy g > * { stroke: #7a5c00; }
svg .symbol.reduced > * { stroke: #1f5fa8; }
svg .names text.lost, svg .names text.failed { fill: #b3001b; font-weight: 700; }
svg .names text.overloaded { fill: #a34700; font-weight: 700; }
svg .names text.no_redundancy { fill: #7a5c00; font-weight: 700; }
svg .names text.reduced { fill: #1f5fa8; }
svg .mark * { stroke-width: 2; }
svg .mark.failed .cross { stroke: #b3001b; stroke-width: 5; }
svg .mark.lost rect { fill: #b3001b; stroke: #b3001b; }
svg .mark.overloaded path { fill: #a34700; stroke: #a34700; }
svg .mark.no_redundancy path { fill: #fff; stroke: #7a5c00; stroke-width: 3; }
svg .mark.reduced circle { fill: #fff; stroke: #1f5fa8; stroke-width: 3; }
svg.key { width: 3mm; height: 3mm; overflow: visible; }
svg.key line { stroke: #1d2126; stroke-width: 3; }
svg.key .dead { stroke: #5a626c; stroke-width: 2; stroke-dasharray: 5 4; }
svg.key rect, svg.key path, svg.key circle { fill: none; }
"""
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; base-uri 'none'; form-action 'none'"
)
"""What the page may do: show its own style, and nothing else."""
