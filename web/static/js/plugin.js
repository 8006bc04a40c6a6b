// Speaks to the signing plugin on this machine: one socket for each operation, one message each way.
// What the plugin answers is shown; how it ended is asked of the server.
const ANSWER_MS = 10 * 60 * 1000;
const ASK_MS = 1000;
const ASK_TIMES = 90;
const area = document.querySelector("[data-plugin]");

if (area) {
  for (const form of area.querySelectorAll("form[data-plugin-form]")) {
    form.addEventListener("submit", (event) => { event.preventDefault(); begin(form); });
  }
}

function part(name) { return area.querySelector(`[data-plugin-${name}]`); }

function say(words) {
  const says = part("says");
  says.hidden = !words;
  says.querySelector("p").textContent = words;
}

function fault(words) {
  say("");
  const place = part("fault");
  place.hidden = !words;
  place.querySelector("p").textContent = words;
}

function busy(on) {
  for (const button of area.querySelectorAll("form[data-plugin-form] button")) button.disabled = on;
}

async function begin(form) {
  if (area.dataset.busy) return;
  area.dataset.busy = "1";
  busy(true);
  fault("");
  part("missing").hidden = true;
  say(area.dataset.asking);
  try {
    const offer = await asked(form);
    if (offer) await sign(offer);
  } catch {
    fault(area.dataset.offline);
  } finally {
    delete area.dataset.busy;
    busy(false);
  }
}

async function asked(form) {
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { "X-CSRF-Token": document.querySelector("meta[name=csrf]").content },
    body: new URLSearchParams(new FormData(form)),
  });
  const told = await answer.json();
  if (answer.ok) return told;
  fault(told.message || area.dataset.ended);
  return null;
}

async function sign(offer) {
  say(area.dataset.waiting);
  let result;
  try {
    result = await plugin(offer.address, offer.parameters);
  } catch {
    say("");
    part("missing").hidden = false;
    return;
  }
  say(area.dataset.checking);
  const state = await settled(offer.state);
  if (state.state === "done") { location.assign(state.next); return; }
  fault(state.message || (result && result.Message) || area.dataset.ended);
}

function plugin(address, parameters) {
  return new Promise((resolve, reject) => {
    let opened = false;
    const socket = new WebSocket(address);
    const timer = setTimeout(() => socket.close(), ANSWER_MS);
    socket.addEventListener("open", () => { opened = true; socket.send(JSON.stringify(parameters)); });
    socket.addEventListener("message", (message) => {
      let result = null;
      try { result = JSON.parse(message.data); } catch { /* not JSON: the server knows how it ended */ }
      resolve(result);
      socket.close();
    });
    socket.addEventListener("close", () => {
      clearTimeout(timer);
      if (opened) resolve(null); else reject(new Error("no plugin"));
    });
  });
}

// The plugin may answer before its upload was judged: ask until it is.
async function settled(address) {
  let state = { state: "open" };
  for (let times = 0; times < ASK_TIMES; times += 1) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.ok) state = await answer.json();
    if (state.state !== "returned") break;
    await new Promise((resolve) => { setTimeout(resolve, ASK_MS); });
  }
  return state;
}
