// The page: search and status on top, classes left, the graph, the selected node right, the what-if below.
import { useEffect } from "preact/hooks";
import { canvas } from "../components/canvas";
import { Classes } from "../components/Classes";
import { Help, helpOpen } from "../components/Help";
import { Search } from "../components/Search";
import { whole } from "../core/format";
import { actOf, type Act } from "../core/keys";
import { clearWhatIf, go, onSelected, said, select, status, view, visit, whatIf } from "../core/store";
import { nextTheme, theme } from "../core/theme";
import { MOST_HOPS } from "../core/url";
import { GraphPane } from "./GraphPane";
import { ImpactPane } from "./ImpactPane";
import { NodePanel } from "./NodePanel";

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
        <span class="spread" />
        <StatusLine />
        <button type="button" class="small" onClick={nextTheme} aria-keyshortcuts="t">theme: {theme.value}</button>
        <button type="button" class="small" onClick={() => (helpOpen.value = true)} aria-label="Keys" aria-keyshortcuts="?">?</button>
      </header>
      {status.value.state === "failed" && (
        <p class="banner" role="alert">
          The connection to the service is lost. What is shown may be old; the page takes up the line again by itself.
        </p>
      )}
      <main class={view.value.fail.length > 0 ? "with-impact" : ""}>
        <Classes />
        <GraphPane />
        <NodePanel />
        <ImpactPane />
      </main>
      <Help />
      <p class="unseen" role="status" aria-live="polite">{said.value}</p>
    </>
  );
}

function StatusLine() {
  const { data, state } = status.value;
  if (!data) return <span class="quiet">{state === "failed" ? "no connection" : "connecting…"}</span>;
  return (
    <span class="status quiet">
      <span>revision {whole(data.revision)}</span>
      <span class={data.points > 0 && data.live === 0 ? "warn" : ""}>{whole(data.live)} of {whole(data.points)} points live</span>
      {data.control && <span>control on</span>}
    </span>
  );
}

const ACTS: Record<Act, () => void> = {
  search: toSearch,
  help: () => (helpOpen.value = true),
  theme: nextTheme,
  impact: () => onSelected((id) => whatIf(id)),
  add: () => onSelected((id) => whatIf(id, true)),
  clear: clearWhatIf,
  table: () => go({ show: view.value.show === "table" ? "graph" : "table" }),
  fit: () => canvas.value?.fit(),
  closer: () => canvas.value?.zoom(0.7),
  farther: () => canvas.value?.zoom(1 / 0.7),
  more: () => go({ hops: Math.min(MOST_HOPS, view.value.hops + 1) }, true),
  fewer: () => go({ hops: Math.max(1, view.value.hops - 1) }, true),
  centre: () => onSelected(visit),
  leave: () => select(null),
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
  const writing = target.matches("input, select, textarea") || document.querySelector("dialog[open]") !== null;
  if (!act || event.defaultPrevented || (writing && act !== "search")) return;
  if (writing && event.key === "/") return;
  if (act === "centre") return; // Enter is the focused control's; in the graph the graph takes it
  event.preventDefault();
  ACTS[act]();
}
