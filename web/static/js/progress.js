// How far a run over a batch is: asked once a second while the page is open; the page loads anew when it ends.
const place = document.querySelector("[data-progress]");
if (place) setTimeout(ask, 700);

async function ask() {
  try {
    const answer = await fetch(place.dataset.progress, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const now = await answer.json();
      if (!now.work) { location.reload(); return; }
      place.querySelector("[data-done]").textContent = now.done;
      place.querySelector("[data-of]").textContent = now.of;
      const bar = place.querySelector("progress");
      bar.max = Math.max(1, now.of);
      bar.value = now.done;
    }
  } catch { /* offline: asked again */ }
  setTimeout(ask, document.hidden ? 5000 : 1000);
}
