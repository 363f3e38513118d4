// A statement that a branch is to say about a node.
import { useState } from "preact/hooks";
import { BRICK, DCX, expand, words } from "../core/iri";
import { labelOf } from "../core/labels";
import { editBranch } from "../core/ledger";
import { retry, said } from "../core/navigate";
import { entity } from "../core/store";
import { ActDialog } from "./ActDialog";

type Kind = "entity" | "text" | "number" | "yes or no";
const XSD = "http://www.w3.org/2001/XMLSchema#";

const USUAL = [`${BRICK}feeds`, `${BRICK}hasPart`, `${BRICK}hasLocation`, `${DCX}feedsPower`, "http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"];

/** What is to be typed in. */
const WANTED: Record<Kind, string> = { entity: "the entity", text: "the text", number: "a number", "yes or no": "true or false" };

/** The datatype of what is typed in; null for text. */
function datatypeOf(kind: Kind, text: string): string | null {
  if (kind === "number") return XSD + (/^[+-]?\d+$/.test(text) ? "integer" : "decimal");
  return kind === "yes or no" ? `${XSD}boolean` : null;
}

export function EditStatement({ subject, branch, onClose }: { subject: string; branch: string; onClose: () => void }) {
  const [predicate, setPredicate] = useState("");
  const [kind, setKind] = useState<Kind>("entity");
  const [object, setObject] = useState("");
  const known = entity.value.data;
  const offered = [...new Set([...(known?.properties ?? []).map((one) => one.predicate), ...(known?.relations ?? []).filter(({ direction }) => direction === "OUT").map((one) => one.predicate), ...USUAL])];
  const text = object.trim();
  const fits = kind === "number" ? /^[+-]?\d+(\.\d+)?$/.test(text) : kind === "yes or no" ? /^(true|false)$/.test(text) : text !== "";
  return (
    <ActDialog
      title={`A statement about ${labelOf(subject)}`}
      verb="Add"
      lacks={[...(predicate.trim() === "" ? ["the relation or property"] : []), ...(fits ? [] : [WANTED[kind]])]}
      onClose={onClose}
      act={async (act) => {
        const isId = kind === "entity";
        const statement = { subject, predicate: expand(predicate.trim()), object: isId ? expand(text) : text, objectIsId: isId, datatype: datatypeOf(kind, text), language: null };
        const { revision } = await editBranch(branch, [statement], [], act);
        if (!revision) return "Nothing changed: the branch says it already.";
        said.value = `Added on the branch ${branch}.`;
        retry();
        return null;
      }}
    >
      <p class="quiet">On the branch {branch}; the site stays as it is.</p>
      <label>relation or property<input type="text" required list="predicates" placeholder="brick:feeds" value={predicate} onInput={(event) => setPredicate(event.currentTarget.value)} /></label>
      <datalist id="predicates">{offered.map((iri) => <option key={iri} value={iri} label={words(iri)} />)}</datalist>
      <label>of kind
        <select value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
          {(["entity", "text", "number", "yes or no"] as const).map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
      </label>
      <label>{kind === "entity" ? "entity, as IRI or CURIE" : kind === "yes or no" ? "true or false" : kind}
        <input type="text" required value={object} onInput={(event) => setObject(event.currentTarget.value)} />
      </label>
    </ActDialog>
  );
}
