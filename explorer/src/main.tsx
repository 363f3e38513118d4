// Where the page starts.
import { render } from "preact";
import { startLedger } from "./core/ledger";
import { startLive } from "./core/live";
import { start } from "./core/store";
import { startSweep } from "./core/sweep";
import { startTheme } from "./core/theme";
import { startWhatIfs } from "./core/whatif";
import "./style.css";
import { App, onKey } from "./views/App";

startTheme();
start();
startWhatIfs();
startSweep();
startLedger();
startLive();
addEventListener("keydown", onKey);
const place = document.getElementById("app");
if (place) render(<App />, place);
