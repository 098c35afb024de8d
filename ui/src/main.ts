import "./tokens.css";
import "./base.css";
import "./fonts.css";
import "./standalone.css";

// Loaded after, and not with, the styles above: what parts bring must come later in the document than base.css.
const { start } = await import("./start.tsx");
const place = document.getElementById("app");
if (place === null) throw new Error("index.html has no element with id “app” to draw in");
start(place);
