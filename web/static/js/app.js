// What every page runs. Each part does nothing where its marks are not on the page; pages work without any of it.
import { keyboard } from "./keyboard.js";
import { live } from "./live.js";
import { drafts, wipe } from "./drafts.js";
import { lists } from "./lists.js";
import { forms } from "./forms.js";
import { pieces } from "./pieces.js";
import { trees } from "./trees.js";

const signedIn = document.body.dataset.signedIn === "1";
lists();
forms();
trees();
if (signedIn) {
  keyboard();
  live();
  pieces();
  drafts();
} else {
  wipe();
}

// One menu open at a time; Escape and a click elsewhere close it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
document.querySelector("[data-summary]")?.focus();

const offline = document.querySelector("[data-offline]");
if (offline) {
  const opened = new Date();
  const show = () => {
    offline.hidden = navigator.onLine;
    const at = opened.toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit" });
    if (!navigator.onLine) offline.textContent = offline.textContent.replace("{at}", at);
  };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}
