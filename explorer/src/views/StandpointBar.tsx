// Which state is looked at: the selectors on top, and the bar that says so while it is not the site now.
import { whenOpen } from "../components/When";
import { counted, instant, whole } from "../core/format";
import { branches, lookedAt } from "../core/ledger";
import { status } from "../core/live";
import { backToNow, go, lookAt, onSite, standpoint, view } from "../core/navigate";
import { revisionOf } from "../core/standpoint";

/** Time and branch, always in reach. */
export function Selectors() {
  const { asOf, branch } = standpoint.value;
  const names = branches.value.data?.map(({ name }) => name) ?? [];
  const all = branch === null || names.includes(branch) ? names : [branch, ...names];
  return (
    <span class="row selectors" role="group" aria-label="State that is looked at">
      <button type="button" class="small" aria-haspopup="dialog" aria-keyshortcuts="w" onClick={() => (whenOpen.value = true)}>as of: {timeWords(asOf)} ▾</button>
      <label>branch:{" "}
        <select value={branch ?? ""} onChange={(event) => lookAt({ branch: event.currentTarget.value || null, asOf: null })}>
          <option value="">site</option>
          {all.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
    </span>
  );
}

function timeWords(asOf: string | null): string {
  if (asOf === null) return "now";
  const revision = revisionOf(asOf);
  return revision === null ? instant(asOf) : `revision ${whole(revision)}`;
}

/** Says in words that this is not the site now, and leads back. */
export function StandpointBar() {
  if (onSite.value) return null;
  const { asOf, branch } = standpoint.value;
  const base = branches.value.data?.find(({ name }) => name === branch);
  return (
    <div class="standpoint" role="region" aria-label="Not the site now">
      <strong>{branch !== null && `Branch ${branch}${asOf === null ? "" : ", "}`}{asOf !== null && <Time asOf={asOf} />}</strong>
      <span>
        {branch === null
          ? revisionOf(asOf) === status.value.data?.revision
            ? "— still the newest; what comes later will not show. Control is off."
            : "— not now: no live values, switches as they normally stand, control off."
          : `— not the site${base ? `: a what-if on top of revision ${whole(base.base)}` : ""}; control is off.`}
      </span>
      <span class="spread" />
      {branch !== null && view.value.show !== "branches" && <button type="button" class="small" onClick={() => go({ show: "branches" })}>What is different</button>}
      {branch === null && revisionOf(asOf) !== null && <button type="button" class="small" onClick={() => go({ show: "history", revision: revisionOf(asOf), against: null })}>What it changed</button>}
      <button type="button" class="primary small" onClick={backToNow}>Back to {branch === null ? "now" : "the site"}</button>
    </div>
  );
}

function Time({ asOf }: { asOf: string }) {
  const number = revisionOf(asOf);
  if (number === null) return <span title={asOf}>as it was on {instant(asOf)}</span>;
  const { data, error } = lookedAt.value;
  return (
    <>
      Revision {whole(number)}
      {data && <span title={data.at}>, {instant(data.at)} <span class="quiet">by {data.author}, {counted(data.added + data.removed, "fact")}</span></span>}
      {error && <span class="quiet"> · {error}</span>}
    </>
  );
}
