// How the data stands: what comes in and how late, by wire; how good it is, by source and by equipment; what is not good, unread or of no point.
import type { ComponentChildren } from "preact";
import { Failure, NodeLink, Notice } from "../components/parts";
import { dataHealth } from "../core/dataHealth";
import { age, bytes, drawn, instant, judged, number, QUALITY, whole } from "../core/format";
import { standpoint } from "../core/navigate";
import type { DataHealth, PointGroup, QualityCount } from "../core/liveTypes";

/** Heads of columns of numbers. */
const NUMBERS: ReadonlySet<string> = new Set(["Messages", "A second", "Waiting", "Dead letters", "Of no point", "Lost", "Points", "Last value"]);

export function DataPane() {
  const { data, state, error } = dataHealth.value;
  return (
    <section class="ledger data" aria-label="Data health">
      <div>
        <h2>Data health</h2>
        {standpoint.value.asOf !== null && <p class="quiet">This is how the data stands now, not at the time that is looked at.</p>}
        {state === "failed" && <Failure title="How the data stands did not load" error={error} />}
        {!data && state === "loading" && <Notice kind="loading" title="Loading…" />}
        {data && <Facts health={data} />}
      </div>
    </section>
  );
}

function Facts({ health }: { health: DataHealth }) {
  const { readings } = health;
  return (
    <>
      <dl class="pairs" aria-label="Readings">
        <dt>points</dt><dd>{whole(health.points)} · <Qualities of={health.quality} /></dd>
        <dt>readings</dt><dd>{number(health.readingsS)} a second</dd>
        <dt>lag</dt><dd>{health.lagMedianS === null ? "nothing came in the last minute" : `${lag(health.lagMedianS)} from the device's clock in the middle, ${lag(health.lagP99S ?? 0)} for 99 of 100`}</dd>
        <dt>so far</dt><dd>{whole(readings.news)} taken, {whole(readings.duplicates)} said twice, {whole(readings.late + readings.old)} late (in history only), {whole(readings.ahead)} ahead of our clock, {whole(readings.outOfRange)} out of range, {whole(readings.jumps)} jumps, {whole(readings.frozen)} frozen, {whole(readings.unknown)} of no point</dd>
        <dt>history</dt><dd>{health.history ? <Kept kept={health.history} /> : "nothing is kept"}</dd>
      </dl>
      <Rows title="Wires" heads={["Wire", "Now", "Messages", "A second", "Waiting", "Dead letters", "Of no point", "Lost"]} count={health.wires.length} none="No wire is set: name a broker, or switch Modbus on.">
        {health.wires.map((wire) => (
          <tr key={`${wire.name} ${wire.place}`}>
            <th scope="row">{wire.name} <span class="id">{wire.place}</span></th>
            <td>{wire.connected ? "connected" : <span class="mark-lost"><span aria-hidden="true">■</span> away{wire.error && `: ${wire.error}`}</span>}</td>
            <td class="number">{whole(wire.messages)}</td><td class="number">{number(wire.rateS)}</td><td class="number">{whole(wire.waiting)}</td>
            <td class="number"><Some count={wire.deadLetters} /></td><td class="number"><Some count={wire.unbound} /></td><td class="number"><Some count={wire.lost} /></td>
          </tr>
        ))}
      </Rows>
      <Groups title="Sources" of={health.sources} heads="Source" name={({ id }) => id} />
      <Groups title="Equipment with points that are not good" of={health.equipment} heads="Equipment" name={({ id, label }) => <NodeLink id={id} label={label} />} />
      <Rows title="Points that are not good" heads={["Point", "Last value", "Quality", "Age"]} count={health.notGood.length} none="All points are good.">
        {health.notGood.map(({ point, value }) => (
          <tr key={point}>
            <th scope="row"><NodeLink id={point} /></th>
            <td class="number"><span class={`value value-${drawn(value.quality)}`}>{value.value === null ? "–" : number(value.value)}</span></td>
            <td>{judged(value.quality, value.reason)}</td><td>{value.ageS === null ? "–" : age(value.ageS)}</td>
          </tr>
        ))}
      </Rows>
      <Rows title="Bound to no point" heads={["Topic or reference", "Messages", "Last", "Why", "What would bind it"]} count={health.unbound.length} none="Everything that speaks is bound to a point.">
        {health.unbound.map(({ topic, count, lastAt, reason, suggestion, candidates }) => (
          <tr key={`${topic} ${reason}`}>
            <th scope="row" class="id">{topic}</th><td class="number">{whole(count)}</td><td>{instant(lastAt)}</td><td>{reason}</td>
            <td>
              {suggestion && <Suggestion text={suggestion} topic={topic} />}
              {candidates.map((like) => <p key={like.point}><NodeLink id={like.point} /> <span class="quiet">{number(like.score)}, {like.reason}</span></p>)}
              {!suggestion && candidates.length === 0 && <span class="quiet">–</span>}
            </td>
          </tr>
        ))}
      </Rows>
      <Rows title="Dead letters" heads={["Topic", "When", "Why", "Payload"]} count={health.deadLetters.length} none="Every payload could be read.">
        {health.deadLetters.map(({ topic, at, reason, payload, wire }, i) => (
          <tr key={i}><th scope="row" class="id" title={wire}>{topic}</th><td>{instant(at)}</td><td>{reason}</td><td><code>{payload}</code></td></tr>
        ))}
      </Rows>
    </>
  );
}

function Kept({ kept: { samples, bytes: size, oldest, missed, error, waiting } }: { kept: NonNullable<DataHealth["history"]> }) {
  return (
    <>
      {error && <p class="mark-lost"><span aria-hidden="true">■</span> {error}</p>}
      {whole(samples)} samples, {bytes(size)}{oldest && `, since ${instant(oldest)}`}{waiting > 0 && `, ${whole(waiting)} to be sorted`}{missed > 0 && <>, <Some count={missed} /> missed</>}
    </>
  );
}

/** The counts of each quality in words; what is not good stands out. */
function Qualities({ of }: { of: readonly QualityCount[] }) {
  if (of.length === 0) return <span class="quiet">none</span>;
  return <>{of.map(({ quality, count }, i) => <span key={quality} class={quality === "GOOD" ? "" : "warn"}>{i > 0 && ", "}{whole(count)} {QUALITY[quality]}</span>)}</>;
}

function Groups({ title, of, heads, name }: { title: string; of: readonly PointGroup[]; heads: string; name: (group: PointGroup) => ComponentChildren }) {
  return (
    <Rows title={title} heads={[heads, "Points", "Quality"]} count={of.length} none="None.">
      {of.map((group) => <tr key={group.id}><th scope="row">{name(group)}</th><td class="number">{whole(group.points)}</td><td><Qualities of={group.quality} /></td></tr>)}
    </Rows>
  );
}

function Rows({ title, heads, count, none, children }: { title: string; heads: readonly string[]; count: number; none: string; children: ComponentChildren }) {
  return (
    <>
      <h2>{title} <span class="count">{count > 0 && count}</span></h2>
      {count === 0 ? <p class="quiet">{none}</p> : (
        <table class="rows"><caption class="unseen">{title}</caption><thead><tr>{heads.map((head) => <th key={head} scope="col" class={NUMBERS.has(head) ? "number" : ""}>{head}</th>)}</tr></thead><tbody>{children}</tbody></table>
      )}
    </>
  );
}

/** A statement to copy into the model. */
function Suggestion({ text, topic }: { text: string; topic: string }) {
  return (
    <details>
      <summary>show</summary>
      <pre><code>{text}</code></pre>
      <button type="button" class="small" aria-label={`Copy what would bind ${topic}`} onClick={() => void navigator.clipboard?.writeText(text)}>Copy</button>
    </details>
  );
}

function Some({ count }: { count: number }) {
  return <span class={count > 0 ? "warn" : ""}>{whole(count)}</span>;
}

function lag(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : age(seconds);
}
