import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./tokens.css";
import "./base.css";
import "./fonts.css";
import "./standalone.css";
import { App } from "./App.tsx";

const place = document.getElementById("app");
if (place === null) throw new Error("index.html has no element with id “app” to draw in");
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
