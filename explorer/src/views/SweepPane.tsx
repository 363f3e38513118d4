// What every failure of the site takes down, the worst first: one at a time, or two at once.
import { BasisOf } from "../components/BasisOf";
import { Failure, Notice } from "../components/parts";
import { counted, kilowatts, whole } from "../core/format";
import { go, view } from "../core/navigate";
import { amountOf, cancelJob, canFail, job, MEASURE_WORDS, startPairs, sweep, toWhatIf } from "../core/sweep";
import { MEASURES, UNIT_KINDS, type Job, type Measure, type Sweep, type SweepPairs, type SweptFailure, type UnitKind } from "../core/types";

const KIND_WORDS: Record<UnitKind, readonly [one: string, many: string]> = {
  EQUIPMENT: ["equipment", "equipment"], ROOM: ["room", "rooms"], PATH: ["path", "whole paths"], GROUP: ["group", "common causes"],
};

export function SweepPane() {
  return (
    <section class="ledger sweep" aria-label="Sweep">
      <div class="ask">
        <div class="row">
          <h2>What each failure takes down</h2>
          <span class="row" role="group" aria-label="How many fail at once">
            <button type="button" class="small" aria-pressed={view.value.order === 1} onClick={() => go({ order: 1 })}>one at a time</button>
            <button type="button" class="small" aria-pressed={view.value.order === 2} onClick={() => go({ order: 2 })}>two at once</button>
          </span>
          <label>worst by{" "}
            <select value={view.value.by} onChange={(event) => go({ by: event.currentTarget.value as Measure, job: null }, true)}>
              {MEASURES.map((measure) => <option key={measure} value={measure}>{MEASURE_WORDS[measure]}</option>)}
            </select>
          </label>
          {view.value.order === 1 && <Units />}
        </div>
        {view.value.order === 1 ? <Told /> : <Work />}
      </div>
      <div class="ranking" tabIndex={0} role="region" aria-label="Failures">{view.value.order === 1 ? <Singles /> : <Pairs />}</div>
    </section>
  );
}

/** What may fail. */
function Units() {
  const chosen = view.value.units;
  const turn = (kind: UnitKind): void => {
    const next = UNIT_KINDS.filter((one) => (one === kind) !== (chosen.length === 0 || chosen.includes(one)));
    go({ units: next.length === UNIT_KINDS.length ? [] : next }, true);
  };
  return (
    <span class="row" role="group" aria-label="What may fail">
      {UNIT_KINDS.map((kind) => {
        const on = chosen.length === 0 || chosen.includes(kind);
        return <label key={kind} class="tick"><input type="checkbox" checked={on} disabled={on && chosen.length === 1} onChange={() => turn(kind)} /> {KIND_WORDS[kind][1]}</label>;
      })}
    </span>
  );
}

/** The answer in sentences: how much was tried, how much hurts, how much hangs by one thing. */
function Told() {
  const { data } = sweep.value;
  if (!data) return null;
  const { tried, harmful, hangByOne } = data;
  const all = tried.equipment + tried.room + tried.path + tried.group;
  return (
    <p role="status">
      {whole(harmful)} of {counted(all, "single failure")} take something down.{" "}
      <strong class={hangByOne.racks + hangByOne.services > 0 ? "mark-no-redundancy" : ""} data-hang>
        <span aria-hidden="true">◆ </span>{counted(hangByOne.racks, "rack")} and {counted(hangByOne.services, "service")} hang by one piece of equipment.
      </strong>{" "}
      <BasisOf found={data} />
    </p>
  );
}

function Singles() {
  const { state, data, error } = sweep.value;
  if (state === "failed") return <Failure title="The sweep was not answered" error={error} />;
  if (!data) return <Notice kind="loading" title="Letting everything fail in turn…" />;
  return <Ranking found={data} />;
}

/** The job of the pairs: started, followed, cancelled. */
function Work() {
  const { state, data, error } = job.value;
  if (data?.state === "RUNNING") return <Running job={data} />;
  const words = state === "loading" ? "asking…" : (error ?? (data?.state === "FAILED" ? data.error : data?.state === "CANCELLED" ? "It was cancelled." : null));
  return (
    <>
      {data?.result && <PairsTold found={data.result} />}
      <div class="row">
        <button type="button" class={data?.result ? "small" : "primary"} disabled={state === "loading"} onClick={() => void startPairs()}>{data ? "Work it out again" : "Work it out"}</button>
        {words ? <span role="status">{words}</span> : !data && <span class="quiet">Every two rooms, feed paths or pieces of infrastructure that together take down what neither takes down alone. On a large site this takes a while; the service works on while you look elsewhere.</span>}
      </div>
    </>
  );
}

function Running({ job: { id, progress } }: { job: Job }) {
  const known = progress !== null && progress.total > 0;
  return (
    <div class="row">
      <progress aria-label="Progress" {...(known ? { value: progress.done, max: progress.total } : {})} />
      <span>{progress ? `${progress.stage}: ${whole(progress.done)}${known ? ` of ${whole(progress.total)}` : ""}` : "it begins…"}</span>
      <button type="button" class="small" onClick={() => void cancelJob(id)}>Cancel</button>
    </div>
  );
}

function PairsTold({ found }: { found: SweepPairs }) {
  return (
    <p role="status">
      {whole(found.harmful)} of {counted(found.tried, "pair")} of {counted(found.units, "unit")} take down what neither takes down alone; only that is counted.
      {found.leftOut && ` Left out: ${found.leftOut}.`} <BasisOf found={found} />
    </p>
  );
}

function Pairs() {
  const found = job.value.data?.result;
  return found ? <Ranking found={found} /> : null;
}

function Ranking({ found: { failures, harmful, by } }: { found: Sweep | SweepPairs }) {
  const hurt = failures.filter(({ lost }) => lost.supplies + lost.racks + lost.services + lost.tenants + lost.itLoadKw > 0);
  const most = Math.max(...hurt.map((failure) => amountOf(failure, by)), 0);
  if (hurt.length === 0) return <Notice title="No such failure takes anything down"><p>Whatever fails, every supply still holds.</p></Notice>;
  return (
    <>
      <table class="rows">
        <caption class="unseen">Failures, the worst by {MEASURE_WORDS[by]} first</caption>
        <thead>
          <tr>
            <th scope="col"><span class="unseen">Rank</span></th><th scope="col">Fails</th><th scope="col">Kind</th>
            <Head measure="IT_LOAD" by={by} /><Head measure="RACKS" by={by} /><Head measure="SERVICES" by={by} /><Head measure="TENANTS" by={by} />
            <th scope="col" class="number">Supplies</th><th scope="col" aria-hidden="true" />
          </tr>
        </thead>
        <tbody>{hurt.map((failure, i) => <Row key={failure.failed.map(({ kind, id }) => kind + id).join()} failure={failure} rank={i + 1} share={most > 0 ? amountOf(failure, by) / most : 0} />)}</tbody>
      </table>
      {harmful > hurt.length && <p class="pad quiet">and {whole(harmful - hurt.length)} more that take less down</p>}
    </>
  );
}

function Head({ measure, by }: { measure: Measure; by: Measure }) {
  return (
    <th scope="col" class="number" aria-sort={measure === by ? "descending" : "none"}>
      <button type="button" class="head" onClick={() => go({ by: measure, job: null }, true)}>{MEASURE_WORDS[measure]} <span aria-hidden="true">{measure === by ? "▾" : ""}</span></button>
    </th>
  );
}

function Row({ failure, rank, share }: { failure: SweptFailure; rank: number; share: number }) {
  const { failed, nodes, lost } = failure;
  const names = failed.map(({ label }) => label).join(" + ");
  const kinds = [...new Set(failed.map(({ kind }) => KIND_WORDS[kind][0]))].join(" + ");
  return (
    <tr>
      <td class="number worst-first">{rank}</td>
      <th scope="row">
        {failed.every(canFail) ? <button type="button" class="link" title="What if this fails" onClick={() => toWhatIf(failure)}>{names}</button> : <span title="No node stands for a whole path: see `ridethrough sweep`">{names}</span>}
      </th>
      <td class="quiet kind">{kinds}{nodes > failed.length && `, ${counted(nodes, "node")}`}</td>
      <td class="number">{kilowatts(lost.itLoadKw)}</td>
      <td class="number">{whole(lost.racks)}</td>
      <td class="number">{whole(lost.services)}</td>
      <td class="number">{whole(lost.tenants)}</td>
      <td class="number quiet">{whole(lost.supplies)}</td>
      <td class="bar" aria-hidden="true"><i style={{ width: `${share * 100}%` }} /></td>
    </tr>
  );
}
