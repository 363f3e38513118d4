// Which part of a what-if rests on points that are not good: one quiet line that opens to them, and the mark of what depends on them.
import { age, counted, judged, whole } from "../core/format";
import { doubtful, readFor, restsOn, restsText } from "../core/restsOn";
import { NodeLink } from "./parts";

export function RestsOn() {
  const found = restsOn.value.data;
  if (restsOn.value.state === "failed") return <p class="rests quiet">what this rests on is not known: {restsOn.value.error}</p>;
  const told = found && restsText(found);
  if (!told) return null;
  const { poor, poorCount, silent, entities } = found;
  return (
    <details class="rests">
      <summary class="quiet" data-rests>{told}</summary>
      <div>
        {poor.length > 0 && (
          <table class="rows">
            <caption class="unseen">Points that are not good</caption>
            <thead><tr><th scope="col">Point</th><th scope="col">Read for</th><th scope="col">Quality</th><th scope="col" class="number">Age</th><th scope="col">Counts instead</th><th scope="col" class="number">Depend on it</th></tr></thead>
            <tbody>
              {poor.map((row) => (
                <tr key={`${row.point} ${row.what} ${row.of}`}>
                  <th scope="row"><NodeLink id={row.point} /></th>
                  <td><NodeLink id={row.of} />: {readFor(row)}</td>
                  <td>{row.quality === "GOOD" ? "good, and no value" : judged(row.quality, row.reason)}</td>
                  <td class="number">{row.ageS === null ? "–" : age(row.ageS)}</td>
                  <td>{row.instead}</td>
                  <td class="number">{whole(row.entitiesCount)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {poorCount > poor.length && <p class="quiet">{whole(poorCount - poor.length)} more</p>}
        {poor.length > 0 && <p class="quiet">{entities === 0 ? "Nothing of this answer depends on them." : `${counted(entities, "entity of this answer", "entities of this answer")} may be otherwise, marked ≈; what is not marked stays so whatever these points say.`}</p>}
        {silent > 0 && <p class="quiet">{counted(silent, "point was", "points were")} never heard: the answer is as if the model had none.</p>}
      </div>
    </details>
  );
}

/** Behind an outcome that may be otherwise; nothing behind another. */
export function DoubtMark({ id }: { id: string }) {
  if (!doubtful.value.has(id)) return null;
  return <span class="quiet doubt" title="May be otherwise: it depends on a point that is not good"> <span aria-hidden="true">≈</span><span class="unseen">may be otherwise</span></span>;
}
