// Search as you type over names, ids and classes; the keyboard alone is enough.
import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { SEARCH } from "../core/documents";
import { compact, words } from "../core/iri";
import { ASKED, ranked } from "../core/search";
import { askHere, said, visit, visitWhenFound } from "../core/navigate";
import type { Named, Page } from "../core/types";
import { whole } from "../core/format";

/** Milliseconds without a keystroke before the question is sent. */
const PAUSE = 120;
const SHOWN = 12;

interface Found {
  text: string;
  nodes: Named[];
  total: number;
  error: string | null;
}

/** What is called so, likeliest first; a failure is an answer that says why. Raises only when it is aborted. */
async function lookFor(text: string, stop?: AbortSignal): Promise<Found> {
  try {
    const { entities } = await askHere<{ entities: Page }>(SEARCH, { text, first: ASKED }, stop);
    return { text, nodes: ranked(entities.nodes, text).slice(0, SHOWN), total: entities.totalCount, error: null };
  } catch (cause) {
    if (stop?.aborted) throw cause;
    return { text, nodes: [], total: 0, error: (cause as Error).message };
  }
}

export function Search() {
  const [text, setText] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [chosen, setChosen] = useState(0);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const wanted = text.trim();
    if (!wanted) {
      setFound(null);
      return;
    }
    const stop = new AbortController();
    const wait = setTimeout(() => {
      lookFor(wanted, stop.signal).then(
        (answer) => {
          setFound(answer);
          setChosen(0);
        },
        () => undefined, // a newer text is on its way
      );
    }, PAUSE);
    return () => {
      clearTimeout(wait);
      stop.abort();
    };
  }, [text]);

  const leave = (): void => {
    setOpen(false);
    input.current?.blur();
    document.getElementById("graph")?.focus();
  };

  const take = (node: Named | undefined): void => {
    if (!node) return;
    visit(node.id);
    setText("");
    leave();
  };

  /** Enter before the answer is there: the page goes on, and to the likeliest node as soon as it is found. */
  const takeFirst = (wanted: string): void => {
    const finding = lookFor(wanted).then((answer) => {
      const first = answer.nodes[0];
      if (first) setText((now) => (now.trim() === wanted ? "" : now));
      else {
        setFound(answer);
        setOpen(true);
        input.current?.focus();
        said.value = `Nothing is called ${wanted}.`;
      }
      return first?.id ?? null;
    });
    visitWhenFound(finding);
    leave();
  };

  const onKey = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    const nodes = found?.nodes ?? [];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      setChosen((at) => (nodes.length ? (at + (event.key === "ArrowDown" ? 1 : nodes.length - 1)) % nodes.length : 0));
    } else if (event.key === "Enter") {
      const wanted = event.currentTarget.value.trim(); // what is in the field, which a render may not have seen yet
      event.preventDefault();
      if (found?.text === wanted && found.error === null) take(nodes[chosen]);
      else if (wanted) takeFirst(wanted);
    } else if (event.key === "Escape") {
      event.preventDefault();
      setText("");
      leave();
    }
  };

  const listed = open && found !== null;
  return (
    <div class="search" role="search">
      <input
        id="search"
        ref={input}
        role="combobox"
        aria-label="Search nodes"
        aria-expanded={listed}
        aria-controls="found"
        aria-autocomplete="list"
        aria-activedescendant={listed && found.nodes.length ? `found-${chosen}` : undefined}
        autocomplete="off"
        spellcheck={false}
        placeholder="Search  /"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKey}
      />
      {listed && (
        <div class="found">
          <ul id="found" role="listbox" aria-label="Found nodes">
            {found.nodes.map((node, i) => (
              <li
                key={node.id}
                id={`found-${i}`}
                role="option"
                aria-selected={i === chosen}
                onMouseDown={(event) => {
                  event.preventDefault();
                  take(node);
                }}
              >
                <span>{node.label}</span>
                <span class="quiet">{node.class ? words(node.class) : compact(node.id)}</span>
              </li>
            ))}
          </ul>
          {found.error && <p class="quiet">The search failed: {found.error}</p>}
          {!found.error && found.nodes.length === 0 && (
            <p class="quiet">Nothing is called “{found.text}”. Try a part of a name, an id or a class such as “UPS”.</p>
          )}
          {found.total > found.nodes.length && <p class="quiet">{whole(found.total - found.nodes.length)} more; type on to narrow it down.</p>}
        </div>
      )}
    </div>
  );
}
