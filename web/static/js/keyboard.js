// Keys of lists and of the thing. No key commits anything by itself: letters only lead to an act's form.
const SWITCH = "lien-thong.keys";

function off() {
  try { return localStorage.getItem(SWITCH) === "off"; } catch { return false; }
}

function typing(target) {
  return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], dialog, .sheets") !== null;
}

export function keyboard() {
  const help = document.querySelector("[data-keys]");
  const box = document.querySelector("[data-keys-switch]");
  for (const opener of document.querySelectorAll("[data-keys-help]")) {
    opener.hidden = false;
    opener.addEventListener("click", () => help.showModal());
  }
  if (box) {
    box.checked = !off();
    box.addEventListener("change", () => {
      try { localStorage.setItem(SWITCH, box.checked ? "on" : "off"); } catch { /* private window: for this page only */ }
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || typing(event.target)) return;
    if (event.key === "?") { help?.showModal(); return; }
    if (off() || (box && !box.checked)) return;
    if (event.key === "/") {
      event.preventDefault();
      document.querySelector("[data-find]")?.focus();
      return;
    }
    if (event.key === "u") {
      const back = document.querySelector("[data-back]");
      if (back) { event.preventDefault(); back.click(); }
      return;
    }
    const rows = [...document.querySelectorAll("[data-rows] tbody tr")];
    if (rows.length) list(event, rows);
    else thing(event);
  });
}

function list(event, rows) {
  const at = rows.findIndex((row) => row.classList.contains("here"));
  const row = rows[at];
  if (event.key === "j" || event.key === "k") {
    event.preventDefault();
    const step = event.key === "j" ? 1 : -1;
    const next = Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step));
    row?.classList.remove("here");
    rows[next].classList.add("here");
    rows[next].querySelector("a")?.focus({ preventScroll: true });
    rows[next].scrollIntoView({ block: "nearest" });
  } else if (row && event.key === "x") {
    const pick = row.querySelector("input[type=checkbox]");
    if (pick) { pick.checked = !pick.checked; pick.dispatchEvent(new Event("change", { bubbles: true })); }
  } else if (row && /^[a-z]$/.test(event.key)) {
    const link = row.querySelector("a");
    const act = row.dataset[`key${event.key.toUpperCase()}`];
    if (link && act) { event.preventDefault(); location.href = act; }
  }
}

function thing(event) {
  if (!/^[a-z]$/.test(event.key)) return;
  const target = document.querySelector(`[data-key="${event.key}"]`);
  if (!target) return;
  event.preventDefault();
  const fold = target.closest("details");
  if (fold) fold.open = true;
  target.scrollIntoView({ block: "center" });
  const inside = target.matches("a, button, input, textarea, select, summary")
    ? target : target.querySelector("textarea, input:not([type=hidden]), select, button, a");
  inside?.focus();
}
