// Lists: more rows in place, several picked at once, and back to the same row at the same scroll.
export function lists() {
  document.addEventListener("click", more);
  remember();
  for (const list of document.querySelectorAll("[data-picks]")) picks(list);
}

async function more(event) {
  const link = event.target.closest("a[data-more]");
  const body = document.querySelector("[data-rows] tbody");
  if (!link || !body || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const skeleton = document.createElement("div");
  skeleton.className = "skeleton wide";
  link.replaceWith(skeleton);
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const rows = page.querySelectorAll("[data-rows] tbody tr");
    const first = rows[0];
    body.append(...rows);
    const next = page.querySelector("a[data-more]");
    if (next) skeleton.replaceWith(next); else skeleton.remove();
    first?.querySelector("a")?.focus({ preventScroll: true });
  } catch {
    skeleton.replaceWith(link);
    location.href = link.href;
  }
}

function remember() {
  const list = document.querySelector("[data-rows]");
  const key = `lien-thong.at.${location.pathname}${location.search}`;
  if (!list) return;
  list.addEventListener("click", (event) => {
    const link = event.target.closest("tbody a");
    if (!link) return;
    try { sessionStorage.setItem(key, link.getAttribute("href")); sessionStorage.setItem("lien-thong.list", location.pathname + location.search); } catch { /* no memory, no return */ }
  });
  let last = null;
  try { last = sessionStorage.getItem(key); sessionStorage.removeItem(key); } catch { /* as above */ }
  if (last) {
    const row = list.querySelector(`a[href="${CSS.escape(last)}"]`)?.closest("tr");
    if (row) { row.classList.add("here"); row.scrollIntoView({ block: "center" }); }
  }
}

const backLink = document.querySelector("a[data-back]");
if (backLink) {
  try {
    const list = sessionStorage.getItem("lien-thong.list");
    if (list && list.split("?")[0] === backLink.getAttribute("href")) backLink.setAttribute("href", list);
  } catch { /* the plain list then */ }
}

function picks(list) {
  const bar = document.querySelector(list.dataset.picks);
  const all = list.querySelector("[data-pick-all]");
  const boxes = () => [...list.querySelectorAll("tbody input[type=checkbox]")];
  const show = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    bar.hidden = chosen === 0;
    bar.querySelector("[data-picked]").textContent = String(chosen);
    if (all) all.checked = chosen > 0 && chosen === boxes().length;
  };
  list.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    show();
  });
  show();
}
