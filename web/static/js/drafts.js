// What is typed is kept in this browser until it is sent: per account and form, for three days, wiped at sign-out.
const PREFIX = "lien-thong.typed.";
const KEEP_MS = 3 * 24 * 3600 * 1000;

export function drafts() {
  sweep();
  for (const form of document.querySelectorAll("form[data-keep]")) keep(form);
  for (const form of document.querySelectorAll("form[data-wipe]")) form.addEventListener("submit", wipe);
}

function name(form) {
  return `${PREFIX}${document.body.dataset.account}.${form.dataset.keep}`;
}

function fields(form) {
  return [...form.elements].filter((element) => element.name && !element.name.startsWith("_") &&
    !["hidden", "password", "file", "submit", "button"].includes(element.type));
}

function keep(form) {
  const sent = document.querySelector("[data-summary]");
  if (!sent) restore(form);
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const values = fields(form).map((element) =>
        [element.name, ["checkbox", "radio"].includes(element.type) ? element.checked : element.value, element.value]);
      try { localStorage.setItem(name(form), JSON.stringify({ at: Date.now(), values })); } catch { /* full or closed: the server still has the last save */ }
    }, 400);
  });
  form.addEventListener("submit", () => { try { localStorage.removeItem(name(form)); } catch { /* nothing was kept */ } });
}

function restore(form) {
  let kept;
  try { kept = JSON.parse(localStorage.getItem(name(form)) || "null"); } catch { return; }
  if (!kept || Date.now() - kept.at > KEEP_MS) return;
  let changed = false;
  const all = fields(form);
  for (const [field, value, own] of kept.values) {
    const element = all.find((item) => item.name === field && (!["checkbox", "radio"].includes(item.type) || item.value === own));
    if (!element) continue;
    const toggles = ["checkbox", "radio"].includes(element.type);
    if (toggles ? element.checked !== value : element.value !== value) {
      changed = true;
      if (toggles) element.checked = value; else element.value = value;
    }
  }
  const words = form.dataset.keepWords;
  if (changed && words) {
    const line = document.createElement("p");
    line.className = "hint";
    line.setAttribute("role", "status");
    line.textContent = words;
    form.prepend(line);
  }
  if (changed) form.dispatchEvent(new Event("change", { bubbles: true }));
}

function sweep() {
  try {
    const mine = `${PREFIX}${document.body.dataset.account}.`;
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(PREFIX)) continue;
      const kept = JSON.parse(localStorage.getItem(key) || "{}");
      if (!key.startsWith(mine) || Date.now() - (kept.at || 0) > KEEP_MS) localStorage.removeItem(key);
    }
  } catch { /* storage is closed: nothing is kept, nothing to sweep */ }
}

export function wipe() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  } catch { /* storage is closed */ }
}
