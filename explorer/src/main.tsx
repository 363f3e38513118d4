// Where the page starts.
import { render } from "preact";
import { startLedger } from "./core/ledger";
import { startLive } from "./core/live";
import { start } from "./core/store";
import { startTheme } from "./core/theme";
import "./style.css";
import { App, onKey } from "./views/App";

startTheme();
start();
startLedger();
startLive();
addEventListener("keydown", onKey);
const place = document.getElementById("app");
if (place) render(<App />, place);
