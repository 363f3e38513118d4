// The drawn graph in its place: follows the state, and says so when the browser cannot draw it.
import { useEffect, useRef } from "preact/hooks";
import { effect } from "@preact/signals";
import { labelOf } from "../core/labels";
import { nodeValues } from "../core/nodeValues";
import { select, view, visit } from "../core/navigate";
import { whatIf } from "../core/scenarios";
import { graph } from "../core/store";
import { colours } from "../core/theme";
import { failing, looks } from "../core/whatif";
import { chain, isArrow, step } from "../core/walk";
import { canvas } from "./canvas";
import { whole } from "../core/format";

export function GraphCanvas({ onFailure }: { onFailure: (reason: string) => void }) {
  const place = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let end = (): void => undefined;
    let gone = false;
    import("./graph/picture").then(
      ({ Picture }) => {
        if (gone) return;
        try {
          const picture = new Picture(element, { select, visit, add: (id) => whatIf(id, true) });
          canvas.value = picture;
          const ends = [
            effect(() => {
              if (graph.value.data) picture.show(graph.value.data);
            }),
            effect(() => picture.write(nodeValues.value)),
            effect(() => {
              void colours.value;
              picture.recolour();
            }),
            effect(() => {
              const drawn = graph.value.data;
              const at = view.value.at;
              const lit = drawn && at !== null && drawn.nodes.some(({ id }) => id === at) ? chain(drawn, at) : null;
              picture.mark({ selected: at, lit, failed: failing.value, looks: looks.value });
            }),
          ];
          end = () => {
            for (const stop of ends) stop();
            canvas.value = null;
            picture.end();
          };
        } catch (cause) {
          onFailure((cause as Error).message);
        }
      },
      (cause: unknown) => onFailure((cause as Error).message),
    );
    return () => {
      gone = true;
      end();
    };
  }, []);

  const onKey = (event: KeyboardEvent): void => {
    const drawn = graph.value.data;
    if (!drawn || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isArrow(event.key)) {
      event.preventDefault();
      const next = step(drawn, view.value.at, event.key);
      if (next) select(next);
    } else if (event.key === "Enter" && view.value.at) {
      event.preventDefault();
      visit(view.value.at);
    }
  };

  const drawn = graph.value.data;
  return (
    <div
      id="graph"
      ref={place}
      class="canvas"
      tabIndex={0}
      role="application"
      aria-label={
        drawn
          ? `Graph of ${whole(drawn.nodes.length)} nodes around ${labelOf(drawn.center)}. Arrow keys move, Enter draws it around the selected node, g shows the table.`
          : "Graph"
      }
      onKeyDown={onKey}
    />
  );
}
