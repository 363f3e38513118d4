// The pages that stand in the place of the graph.
import { view } from "../core/navigate";
import { BranchesPane } from "./BranchesPane";
import { HistoryPane } from "./HistoryPane";
import { SourcesPane } from "./SourcesPane";

export function LedgerPane() {
  const { show } = view.value;
  if (show === "history") return <HistoryPane />;
  return show === "sources" ? <SourcesPane /> : <BranchesPane />;
}
