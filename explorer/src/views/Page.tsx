// The pages that stand in the place of the graph.
import { view } from "../core/navigate";
import { BranchesPane } from "./BranchesPane";
import { DataPane } from "./DataPane";
import { HistoryPane } from "./HistoryPane";
import { SourcesPane } from "./SourcesPane";
import { SweepPane } from "./SweepPane";
import { TrendPane } from "./TrendPane";

export function Page() {
  switch (view.value.show) {
    case "sweep":
      return <SweepPane />;
    case "trends":
      return <TrendPane />;
    case "data":
      return <DataPane />;
    case "history":
      return <HistoryPane />;
    case "sources":
      return <SourcesPane />;
    default:
      return <BranchesPane />;
  }
}
