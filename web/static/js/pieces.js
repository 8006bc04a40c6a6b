// Pieces that a page shows after itself: their own pages, fetched when the main thing stands. Without script: a link.
export function pieces() {
  for (const place of document.querySelectorAll("[data-load]")) load(place);
}

async function load(place) {
  try {
    const answer = await fetch(place.dataset.load);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const piece = page.querySelector("[data-part]");
    if (piece) place.replaceChildren(...piece.childNodes);
  } catch { /* offline: the link stays */ }
}
