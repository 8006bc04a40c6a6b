// Live changes: counts refresh in place; a list is never moved under the reader, a pill offers the new rows.
const WAIT_FIRST = 1000;
const WAIT_MOST = 60000;
let wait = WAIT_FIRST;
let fresh = 0;

export function live() {
  counts();
  if ("WebSocket" in window) connect();
}

function connect() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.addEventListener("open", () => { wait = WAIT_FIRST; });
  socket.addEventListener("message", (message) => {
    let event;
    try { event = JSON.parse(message.data); } catch { return; }
    counts();
    const list = document.querySelector("[data-live]");
    if (list && (event.kind === "reload" || wanted(list, event.kind))) pill(list, event.count || 1);
  });
  socket.addEventListener("close", () => {
    setTimeout(() => { if (!document.hidden) { counts(); connect(); } else waitForReader(); }, wait * (0.7 + Math.random() * 0.6));
    wait = Math.min(wait * 2, WAIT_MOST);
  });
}

function wanted(list, kind) {
  return list.dataset.live.split(" ").some((one) => kind === one || (one.endsWith(".") && kind.startsWith(one)));
}

function waitForReader() {
  document.addEventListener("visibilitychange", () => { counts(); connect(); }, { once: true });
}

function pill(list, more) {
  fresh += more;
  let button = document.querySelector(".pill");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "pill";
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => location.reload());
    list.before(button);
  }
  button.textContent = list.dataset.liveWords.replace("{count}", String(fresh));
}

let asked = false;
async function counts() {
  const places = document.querySelectorAll("[data-count]");
  if (!places.length || asked) return;
  asked = true;
  try {
    const answer = await fetch("/dem", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const figures = await answer.json();
    for (const place of places) {
      const figure = figures[place.dataset.count] || 0;
      place.textContent = figure ? String(figure) : "";
      if (place.classList.contains("dot")) place.hidden = !figure;
      place.classList.toggle("late", Boolean(figures[`${place.dataset.count}_late`]));
    }
  } catch { /* offline: the counts stay as they were */ } finally {
    setTimeout(() => { asked = false; }, 2000);
  }
}
