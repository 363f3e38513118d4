// Loading a file: first what it would change and what is wrong with it, then, if wanted, the change itself.
import { useEffect, useRef, useState } from "preact/hooks";
import { bytes, counted, whole } from "../core/format";
import { sources } from "../core/ledger";
import { go, retry, said, view } from "../core/navigate";
import { author, newKey, notChanged } from "../core/sending";
import { ENDINGS, formatOf, put, sourceNameOf, tagOf, type Taken } from "../core/upload";
import { Lacking, lackingWhoAndWhy, WhoAndWhy } from "./ActDialog";
import { DifferenceList } from "./DifferenceList";
import { FindingNews } from "./FindingList";

interface Tried {
  taken: Taken;
  /** The state that it was tried against. */
  tag: string | null;
}

type Step = "choose" | "trying" | "tried" | "applying";

export function LoadFile({ name, onClose }: { name: string | null; onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [source, setSource] = useState(name ?? "");
  const [reason, setReason] = useState("");
  const [deletions, setDeletions] = useState("");
  const [step, setStep] = useState<Step>("choose");
  const [tried, setTried] = useState<Tried | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const [share, setShare] = useState(0);
  const [key, setKey] = useState(newKey);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []); // what opened it is gone: the next Tab is the first field
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => end.current?.scrollIntoView({ block: "nearest" }), [tried, refused]);
  const { branch } = view.value;

  const choose = (chosen: File | null): void => {
    setFile(chosen);
    again();
    if (chosen && !source) setSource(sourceNameOf(chosen.name));
  };
  /** What was tried says nothing of what is wished now. */
  const again = (): void => {
    setTried(null);
    setRefused(null);
    setStep("choose");
    setKey(newKey());
  };

  const known = sources.value.data?.find((one) => one.name === source.trim());
  const send = async (dryRun: boolean): Promise<void> => {
    if (!file) return;
    stop.current = new AbortController();
    setRefused(null);
    setShare(0);
    setStep(dryRun ? "trying" : "applying");
    const wish = { file, source: source.trim(), author: author.value.trim(), reason: reason.trim(), key, deletions: deletions === "" ? null : Number(deletions), branch };
    try {
      const isNew = branch === null && known === undefined;
      const tag = !dryRun && tried ? tried.tag : isNew ? null : await tagOf(wish.source, branch, stop.current.signal);
      const taken = await put(wish, dryRun, tag, setShare, stop.current.signal);
      if (dryRun) {
        setTried({ taken, tag });
        setStep("tried");
        return;
      }
      retry();
      if (taken.quarantined) {
        said.value = `The policy of ${taken.source} holds the file back.`;
        go({ show: "branches", branch: taken.quarantined, asOf: null });
      } else {
        said.value = taken.revision ? `Revision ${taken.revision.number}: ${taken.source} is loaded.` : `${taken.source} says that already; nothing changed.`;
        go(branch === null ? { source: taken.source } : { show: "branches" });
      }
      onClose();
    } catch (cause) {
      setRefused(notChanged(cause));
      setStep(dryRun ? "choose" : "tried");
    }
  };

  const busy = step === "trying" || step === "applying";
  const lacking = tried === null
    ? [...(file === null ? ["a file"] : []), ...(source.trim() === "" ? ["a source"] : [])]
    : lackingWhoAndWhy(reason);
  return (
    <section aria-label="Load a file" class="load">
      <h1 ref={head} tabIndex={-1}>Load a file{branch !== null && <span class="quiet"> into the branch {branch}</span>}</h1>
      <form onSubmit={(event) => { event.preventDefault(); void send(step !== "tried"); }}>
        <label
          class="drop"
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => { event.preventDefault(); choose(event.dataTransfer?.files[0] ?? null); }}
        >
          file: Turtle, TriG, N-Triples, N-Quads, JSON-LD or RDF/XML; choose it or drop it here
          <input type="file" accept={ENDINGS} required disabled={busy} onChange={(event) => choose(event.currentTarget.files?.[0] ?? null)} />
        </label>
        {file && <p class="quiet">{file.name}, {bytes(file.size)}, {formatOf(file.name) ?? "read as Turtle: its name tells no format"}</p>}
        <div class="fields"><label>source
          <input type="text" required list="known-sources" value={source} disabled={busy} onInput={(event) => { setSource(event.currentTarget.value); again(); }} />
        </label>
        <label>may withdraw, percent<input type="number" min="0" max="100" step="any" placeholder="10" value={deletions} disabled={busy} title="Of what the source said before, how much the file may leave out" onInput={(event) => { setDeletions(event.currentTarget.value); again(); }} /></label></div>
        <datalist id="known-sources">{sources.value.data?.map((one) => <option key={one.name} value={one.name} />)}</datalist>
        <p class="quiet">
          {known ? `The source says ${counted(known.quads, "fact")} now. The file replaces all of them: what it leaves out is withdrawn.` : source.trim() && "A new source: it says exactly what the file says."}
        </p>
        {tried && <Outcome taken={tried.taken} />}
        {tried && !tried.taken.refused && <div class="fields"><WhoAndWhy reason={reason} onReason={setReason} /></div>}
        {(refused ?? tried?.taken.refused) && <p role="alert" class="refusal">{refused ?? tried?.taken.refused}</p>}
        {busy && <Progress share={share} applying={step === "applying"} />}
        <div class="row" ref={end}>
          {step === "tried" || step === "applying"
            ? <button type="submit" class="primary" disabled={busy || lacking.length > 0 || !!tried?.taken.refused}>Apply</button>
            : <button type="submit" class="primary" disabled={busy || lacking.length > 0}>Show what would change</button>}
          <button type="button" onClick={() => (busy ? stop.current?.abort() : onClose())}>{busy ? "Break off" : "Close"}</button>
          {!busy && !tried?.taken.refused && <Lacking words={lacking} />}
        </div>
      </form>
    </section>
  );
}

function Progress({ share, applying }: { share: number; applying: boolean }) {
  const words = share < 1 ? `sending, ${whole(100 * share)} %` : applying ? "sent; the service reads, checks and keeps it…" : "sent; the service reads and compares it…";
  return <p role="status"><progress max="1" value={share < 1 ? share : undefined} aria-label="Sent" /> {words}</p>;
}

function Outcome({ taken }: { taken: Taken }) {
  return (
    <div class="would" tabIndex={0} role="group" aria-label="What would change">
      <h2>What would change</h2>
      <DifferenceList difference={taken} empty="Nothing: the source says exactly that already." />
      {taken.quarantined && <p>The policy of the source does not let errors in: applied, it becomes the branch {taken.quarantined}, and the site stays as it is.</p>}
      <FindingNews of={taken} />
    </div>
  );
}
