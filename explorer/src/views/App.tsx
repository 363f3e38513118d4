// The page: search, pages and status on top, the state that is looked at, classes left, the graph or a page, the selected node right, the what-if below.
import { useEffect } from "preact/hooks";
import { canvas } from "../components/canvas";
import { Classes } from "../components/Classes";
import { Help, helpOpen } from "../components/Help";
import { Search } from "../components/Search";
import { counted, whole } from "../core/format";
import { actOf, type Act } from "../core/keys";
import { posture, status } from "../core/live";
import { PAGES, backToNow, go, missing, onSelected, onSite, said, select, standpoint, view, visit } from "../core/navigate";
import { clearWhatIf, flip, scenarios, setAside, turnTime, whatIf } from "../core/scenarios";
import { nextTheme, theme } from "../core/theme";
import { Notice } from "../components/parts";
import { MOST_HOPS, type Shown } from "../core/url";
import { When, whenOpen } from "../components/When";
import type { PostureEvent } from "../core/types";
import { GraphPane } from "./GraphPane";
import { ImpactPane } from "./ImpactPane";
import { News, RevisionNumber } from "./News";
import { NodePanel } from "./NodePanel";
import { Page } from "./Page";
import { Selectors, StandpointBar } from "./StandpointBar";

export function App() {
  useEffect(() => {
    document.title = view.value.at ? `${view.value.at.split(/[#/:]/).pop()} · Ridethrough` : "Ridethrough";
  }, [view.value.at]);
  return (
    <>
      <a class="skip" href="#search">Skip to search</a>
      <header class="top">
        <h1 class="brand">Ridethrough</h1>
        <Search />
        <Pages />
        <span class="spread" />
        <Selectors />
        <StatusLine />
        <button type="button" class="small" onClick={nextTheme} aria-keyshortcuts="t" aria-label={`theme: ${theme.value}`} title={`theme: ${theme.value}`}><span aria-hidden="true">◐</span></button>
        <button type="button" class="small" onClick={() => (helpOpen.value = true)} aria-label="Keys" aria-keyshortcuts="?">?</button>
      </header>
      {status.value.state === "failed" && (
        <p class="banner" role="alert">
          The connection to the service is lost. What is shown may be old; the page takes up the line again by itself.
        </p>
      )}
      {missing.value === null ? <Panes /> : <Nowhere reason={missing.value} />}
      <Help />
      <When />
      <News />
      <p class="unseen" role="status" aria-live="polite">{said.value}</p>
    </>
  );
}

function Panes() {
  return (
    <>
      <StandpointBar />
      <main class={`${view.value.fail.length > 0 ? "with-impact" : ""} ${scenarios[2].value || view.value.t !== null ? "with-more" : ""} ${onSite.value ? "" : "elsewhere"}`}>
        {PAGES.includes(view.value.show) ? <Page /> : <><Classes /><GraphPane /></>}
        <NodePanel />
        <ImpactPane />
      </main>
    </>
  );
}

/** A state that there is not, or not any more: told once, not by every pane. */
function Nowhere({ reason }: { reason: string }) {
  return (
    <main class="nowhere">
      <Notice kind="error" title="There is no such state to look at">
        <p>{reason}</p>
        {view.value.branch !== null && <p>A branch that was applied or dropped is gone; what it changed stands in the history.</p>}
        <div class="row">
          <button type="button" class="primary" onClick={backToNow}>Back to the site</button>
          <button type="button" onClick={() => (whenOpen.value = true)}>Another time…</button>
        </div>
      </Notice>
    </main>
  );
}

function StatusLine() {
  const { data, state } = status.value;
  if (!data) return <span class="quiet">{state === "failed" ? "no connection" : "connecting…"}</span>;
  return (
    <span class="status quiet">
      {onSite.value && posture.value && <Posture racks={posture.value.racks} />}
      <span>revision <RevisionNumber number={data.revision} /></span>
      {data.points > 0 && standpoint.value.asOf === null && <button type="button" class={`link ${data.live === 0 ? "warn" : ""}`} title="Points whose value is good now: how the data stands" onClick={() => go({ show: "data" })}>{whole(data.live)} of {whole(data.points)} live</button>}
      {data.control && <span>control on</span>}
    </span>
  );
}

/** How many racks hang by a single failure, or are without supply; leads to what they hang by. */
function Posture({ racks: { all, dark, hanging } }: { racks: PostureEvent["racks"] }) {
  if (all === 0) return null;
  return (
    <button type="button" class="link posture" title="Racks without a supply now, and racks of which a supply hangs by one single failure: what each takes down" onClick={() => go({ show: "sweep", order: 1 })}>
      {dark > 0 && <span class="mark-lost"><span aria-hidden="true">■</span> {counted(dark, "rack")} dark</span>}
      {dark > 0 && hanging > 0 && " · "}
      {hanging > 0 ? <span class="mark-no-redundancy"><span aria-hidden="true">◆</span> {dark > 0 ? whole(hanging) : counted(hanging, "rack")} on one failure</span> : dark === 0 && "no rack on one failure"}
    </button>
  );
}

const WAYS: readonly (readonly [Shown, string, string])[] = [
  ["graph", "Graph", "g"], ["sweep", "Sweep", "n"], ["trends", "Trends", "l"], ["data", "Data", "d"], ["history", "History", "h"], ["sources", "Sources", "s"], ["branches", "Branches", "b"],
];

/** The ways to the pages. */
function Pages() {
  const here = view.value.show === "table" ? "graph" : view.value.show;
  return (
    <nav class="pages" aria-label="Pages">
      {WAYS.map(([page, word, key]) => (
        <button key={page} type="button" class="small" aria-current={here === page ? "page" : undefined} aria-keyshortcuts={key} onClick={() => go({ show: page })}>
          {word}
        </button>
      ))}
    </nav>
  );
}

/** To a page, or from it back to the graph. */
function turn(page: Shown): void {
  go({ show: view.value.show === page ? "graph" : page });
}

function leave(): void {
  if (view.value.at === null && PAGES.includes(view.value.show)) go({ show: "graph" });
  else select(null);
}

const ACTS: Record<Act, () => void> = {
  search: toSearch,
  help: () => (helpOpen.value = true),
  theme: nextTheme,
  impact: () => onSelected((id) => whatIf(id)),
  add: () => onSelected((id) => whatIf(id, true)),
  clear: clearWhatIf,
  table: () => go({ show: view.value.show === "graph" ? "table" : "graph" }),
  fit: () => canvas.value?.fit(),
  closer: () => canvas.value?.zoom(0.7),
  farther: () => canvas.value?.zoom(1 / 0.7),
  more: () => go({ hops: Math.min(MOST_HOPS, view.value.hops + 1) }, true),
  fewer: () => go({ hops: Math.max(1, view.value.hops - 1) }, true),
  centre: () => onSelected(visit),
  leave,
  time: turnTime,
  aside: setAside,
  flip,
  sweep: () => turn("sweep"),
  trends: () => turn("trends"),
  data: () => turn("data"),
  history: () => turn("history"),
  sources: () => turn("sources"),
  branches: () => turn("branches"),
  when: () => (whenOpen.value = true),
};

/** Into the search; what stands there is selected, so that typing replaces it. */
function toSearch(): void {
  const input = document.getElementById("search") as HTMLInputElement | null;
  input?.focus();
  input?.select();
}

/** Does what a key means; heard from the first moment of the page. */
export function onKey(event: KeyboardEvent): void {
  const act = actOf(event);
  const target = event.target as HTMLElement;
  const writing = target.matches("input:not([type=checkbox], [type=range]), select, textarea") || document.querySelector("dialog[open]") !== null;
  if (!act || event.defaultPrevented || (writing && act !== "search")) return;
  if (writing && event.key === "/") return;
  if (act === "centre") return; // Enter is the focused control's; in the graph the graph takes it
  event.preventDefault();
  ACTS[act]();
}
