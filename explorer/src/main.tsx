// Where the page starts.
import { render } from "preact";
import { start } from "./core/store";
import { startTheme } from "./core/theme";
import "./style.css";
import { App } from "./views/App";

startTheme();
start();
const place = document.getElementById("app");
if (place) render(<App />, place);
