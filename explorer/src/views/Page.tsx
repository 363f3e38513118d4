// The pages that stand in the place of the graph.
import { view } from "../core/navigate";
import { BranchesPane } from "./BranchesPane";
import { HistoryPane } from "./HistoryPane";
import { SourcesPane } from "./SourcesPane";
import { SweepPane } from "./SweepPane";

export function Page() {
  switch (view.value.show) {
    case "sweep":
      return <SweepPane />;
    case "history":
      return <HistoryPane />;
    case "sources":
      return <SourcesPane />;
    default:
      return <BranchesPane />;
  }
}
