// Search as you type over names, ids and classes; the keyboard alone is enough.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../core/client";
import { SEARCH } from "../core/documents";
import { compact, words } from "../core/iri";
import { ASKED, ranked } from "../core/search";
import { visit } from "../core/store";
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
      ask<{ entities: Page }>(SEARCH, { text: wanted, first: ASKED }, stop.signal)
        .then(({ entities }) => {
          setFound({ text: wanted, nodes: ranked(entities.nodes, wanted).slice(0, SHOWN), total: entities.totalCount, error: null });
          setChosen(0);
        })
        .catch((cause: unknown) => {
          if (!stop.signal.aborted) setFound({ text: wanted, nodes: [], total: 0, error: String((cause as Error).message) });
        });
    }, PAUSE);
    return () => {
      clearTimeout(wait);
      stop.abort();
    };
  }, [text]);

  const take = (node: Named | undefined): void => {
    if (!node) return;
    visit(node.id);
    setOpen(false);
    setText("");
    document.getElementById("graph")?.focus();
  };

  const onKey = (event: KeyboardEvent): void => {
    const nodes = found?.nodes ?? [];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      setChosen((at) => (nodes.length ? (at + (event.key === "ArrowDown" ? 1 : nodes.length - 1)) % nodes.length : 0));
    } else if (event.key === "Enter" && found?.text === text.trim()) take(nodes[chosen]);
    else if (event.key === "Escape") {
      setOpen(false);
      input.current?.blur();
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
