// Where the page starts.
import { render } from "preact";
import { startDataHealth } from "./core/dataHealth";
import { startLedger } from "./core/ledger";
import { startLive } from "./core/live";
import { startNodeValues } from "./core/nodeValues";
import { startRestsOn } from "./core/restsOn";
import { start } from "./core/store";
import { startSweep } from "./core/sweep";
import { startTheme } from "./core/theme";
import { startTrends } from "./core/trends";
import { startWhatIfs } from "./core/whatif";
import "./style.css";
import { App, onKey } from "./views/App";

startTheme();
start();
startWhatIfs();
startRestsOn();
startSweep();
startLedger();
startLive();
startNodeValues();
startTrends();
startDataHealth();
addEventListener("keydown", onKey);
const place = document.getElementById("app");
if (place) render(<App />, place);
