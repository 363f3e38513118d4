// A source is withdrawn: first what would go, then, if it is wished, all that it says goes as one revision.
import { useEffect, useState } from "preact/hooks";
import { reasonOf } from "../core/loading";
import { go, retry, said, view } from "../core/navigate";
import { tagOf, withdraw, type Taken } from "../core/upload";
import { ActDialog } from "./ActDialog";
import { DifferenceList } from "./DifferenceList";
import { FindingNews } from "./FindingList";

interface Tried {
  taken: Taken;
  /** The state that it was tried against. */
  tag: string | null;
}

async function trial(name: string, branch: string | null): Promise<Tried> {
  const tag = await tagOf(name, branch);
  return { taken: await withdraw(name, branch, null, tag), tag };
}

export function Withdraw({ name, onClose }: { name: string; onClose: () => void }) {
  const [tried, setTried] = useState<Tried | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const { branch } = view.value;
  useEffect(() => {
    trial(name, branch).then(setTried, (cause: unknown) => setFailed(reasonOf(cause)));
  }, []);
  const refused = failed ?? tried?.taken.refused ?? null;
  return (
    <ActDialog
      title={`Withdraw ${name}${branch === null ? "" : ` on the branch ${branch}`}`}
      verb="Withdraw"
      lacks={refused !== null ? ["that the service lets it go"] : tried === null ? ["what would go"] : []}
      onClose={onClose}
      act={async (act) => {
        const { revision, quarantined } = await withdraw(name, branch, act, tried?.tag ?? null);
        retry();
        if (quarantined) return `The policy of the source holds it back: it is kept as the branch ${quarantined}.`;
        if (!revision) return "Nothing changed: the source says nothing any more.";
        said.value = `Revision ${revision.number}: ${name} is withdrawn.`;
        go(branch === null ? { show: "history", revision: revision.number, against: null, asOf: null } : { show: "branches" });
        return null;
      }}
    >
      <p>All that {name} says goes; what another source says too stays. {branch === null ? "Its revision can be reverted." : "The site stays as it is."}</p>
      {tried === null && failed === null && <p class="quiet" role="status">asking what would go…</p>}
      {tried && (
        <div class="would" tabIndex={0} role="group" aria-label="What would go">
          <DifferenceList difference={tried.taken} empty="Nothing: others say all of it too." />
          <FindingNews of={tried.taken} />
        </div>
      )}
      {refused !== null && <p role="alert" class="refusal">{refused}</p>}
    </ActDialog>
  );
}
