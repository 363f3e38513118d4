// What has just happened: the redundancy of the site changed, a revision came. Told at the edge of the page, and to a screen reader.
import { NodeLink, Reason } from "../components/parts";
import { whole } from "../core/format";
import { alarm, news } from "../core/live";
import { go, view } from "../core/navigate";
import type { PostureEvent, Revision } from "../core/types";

/** Racks named at most. */
const NAMED = 6;

export function News() {
  const revision = news.value;
  const open = view.value.show === "history" && view.value.revision === revision?.number;
  return (
    <div class="all-news">
      {alarm.value && <Alarm key={alarm.value.message} event={alarm.value} />}
      {revision && !open && <OfRevision revision={revision} />}
    </div>
  );
}

/** Who has just lost redundancy or supply, or has it again, and by what; stays until it is put away. */
function Alarm({ event }: { event: PostureEvent }) {
  const { message, lost, dark, regained, back, because } = event;
  const token = dark.count > 0 ? "lost" : lost.count > 0 ? "no-redundancy" : "rest";
  const racks = [dark, lost, back, regained].find(({ count }) => count > 0)?.racks ?? [];
  const first = because[0]?.id;
  return (
    <div class={`news news-${token}`} role="alert" data-alarm>
      <button type="button" class="take-out" aria-label="Put the message away" onClick={() => (alarm.value = null)}>×</button>
      <p><span aria-hidden="true" class={`mark-${token}`}>{{ lost: "■", "no-redundancy": "◆", rest: "○" }[token]} </span><strong><Reason text={message} /></strong></p>
      {racks.length > 0 && (
        <p class="quiet">
          {racks.slice(0, NAMED).map((id, i) => <span key={id}>{i > 0 && ", "}<NodeLink id={id} /></span>)}
          {racks.length > NAMED && ` and ${whole(racks.length - NAMED)} more`}
        </p>
      )}
      {first && <p><button type="button" class="small" onClick={() => go({ show: "graph", at: first, around: null })}>Show <Reason text={first} /></button></p>}
    </div>
  );
}

export function RevisionNumber({ number }: { number: number }) {
  return <button type="button" class="link" onClick={() => go({ show: "history", revision: number || null, against: null })}>{whole(number)}</button>;
}

function OfRevision({ revision: { number, author, reason } }: { revision: Revision }) {
  return (
    <p class="news">
      Revision <RevisionNumber number={number} /> by {author}: {reason || "no reason given"}
      <button type="button" class="take-out" aria-label="Put away" onClick={() => (news.value = null)}>×</button>
    </p>
  );
}
