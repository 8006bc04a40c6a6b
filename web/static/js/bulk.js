// How a bulk run goes on: figures every second, rows anew when some ended; nothing is lost when the page is closed.
const ASK_MS = 1000;
const area = document.querySelector("[data-bulk]");
if (area) setTimeout(ask, ASK_MS);
let shown = -1;

async function ask() {
  if (!document.hidden) {
    try {
      const answer = await fetch(area.dataset.bulk, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const run = await answer.json();
        await show(run);
        if (run.state !== "running") return;
      }
    } catch { /* offline: the run goes on, the page asks again */ }
  }
  setTimeout(ask, ASK_MS);
}

async function show(run) {
  const ended = run.done + run.failed;
  const says = area.dataset.words.replace("{done}", run.done).replace("{total}", run.total).replace("{failed}", run.failed);
  area.querySelector("[data-bulk-bar]").value = ended;
  area.querySelector("[data-bulk-says]").textContent = says;
  if (ended === shown && run.state === "running") return;
  shown = ended;
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  const rows = page.querySelector("[data-bulk-rows]");
  if (rows) document.querySelector("[data-bulk-rows]").replaceChildren(...rows.childNodes);
  const head = page.querySelector("[data-bulk]");
  if (head && run.state !== "running") area.replaceChildren(...head.childNodes);
}
