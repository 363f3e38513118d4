// The faceplate of a point that may be written: now, wanted, why, and what the plant answered.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../core/client";
import { newKey, notSent } from "../core/sending";
import { COMMAND, SET_POINT } from "../core/documents";
import { number, symbol } from "../core/format";
import { said } from "../core/navigate";
import type { Command, CommandState, Point } from "../core/types";
import { Lacking, lackingReason } from "./ActDialog";

const ENDED: readonly CommandState[] = ["REFUSED", "CONFIRMED", "MISMATCHED", "TIMED_OUT", "FAILED"];
const WORDS: Record<CommandState, string> = {
  REQUESTED: "requested",
  REFUSED: "refused",
  DISPATCHED: "sent, waiting for the plant",
  ACKNOWLEDGED: "taken by the device, waiting for its readback",
  CONFIRMED: "confirmed by the plant",
  MISMATCHED: "the plant reports another value",
  TIMED_OUT: "the plant did not report in time",
  FAILED: "could not be sent",
};
/** Milliseconds between two looks at a command that has not ended. */
const LOOK_EVERY = 500;

export function SetPoint({ point, now, onClose }: { point: Point; now: number | null; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [wanted, setWanted] = useState("");
  const [reason, setReason] = useState("");
  const [command, setCommand] = useState<Command | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [key] = useState(newKey);
  useEffect(() => dialog.current?.showModal(), []);

  useEffect(() => {
    if (!command) return;
    said.value = `${point.label}: ${WORDS[command.state]}`;
    if (ENDED.includes(command.state)) return;
    const wait = setTimeout(() => {
      ask<{ command: Command | null }>(COMMAND, { id: command.id }).then(
        ({ command: found }) => setCommand(found ? { ...found } : command),
        () => setCommand({ ...command }), // asked again at the next look
      );
    }, LOOK_EVERY);
    return () => clearTimeout(wait);
  }, [command]);

  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setError(null);
    try {
      const input = { point: point.id, value: Number(wanted), reason, key };
      setCommand((await ask<{ setPoint: Command }>(SET_POINT, { input })).setPoint);
    } catch (cause) {
      setError(notSent(cause));
    }
  };

  const unit = symbol(point.unit);
  const lacking = [...(wanted === "" ? ["the value that is wanted"] : []), ...lackingReason(reason)];
  return (
    <dialog ref={dialog} aria-labelledby="faceplate" onClose={onClose}>
      <form onSubmit={(event) => void send(event)}>
        <h2 id="faceplate">Set {point.label}</h2>
        <dl class="pairs"><dt>now</dt><dd class="number">{number(now)} {unit}</dd></dl>
        <label>wanted {unit && `(${unit})`}<input type="number" step="any" required value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} /></label>
        <label>reason<input type="text" required minLength={3} value={reason} onInput={(event) => setReason(event.currentTarget.value)} /></label>
        {error && <p role="alert">{error}</p>}
        {command && <p role="status">{WORDS[command.state]}{command.reasons.length > 0 && `: ${command.reasons.join(" · ")}`}</p>}
        <div class="row">
          <button type="submit" class="primary" disabled={command !== null || lacking.length > 0}>Send {wanted && `${wanted} ${unit}`}</button>
          <button type="button" onClick={() => dialog.current?.close()}>Close</button>
          {command === null && <Lacking words={lacking} />}
        </div>
      </form>
    </dialog>
  );
}
