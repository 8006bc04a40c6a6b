// Trees of bodies: search as you type, a branch chosen at once, how many are chosen.
function plain(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/gi, "d").toLowerCase();
}

const SHOWN = 60;

function name(input, remove, after) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  const words = input.nextElementSibling.firstChild.textContent.trim();
  button.type = "button";
  button.className = "secondary";
  button.textContent = `${words} ×`;
  button.setAttribute("aria-label", `${remove} ${words}`);
  button.addEventListener("click", () => { input.checked = false; after(); input.form?.dispatchEvent(new Event("input", { bubbles: true })); });
  item.append(button);
  return item;
}

export function trees() {
  for (const box of document.querySelectorAll("[data-tree]")) tree(box);
}

function tree(box) {
  const search = box.querySelector("[data-tree-search]");
  const figure = box.querySelector("[data-tree-count]");
  const items = [...box.querySelectorAll("li")];
  const keys = new Map(items.map((item) => [item, plain(item.firstElementChild.textContent)]));
  search?.closest("[hidden]")?.removeAttribute("hidden");
  search?.addEventListener("input", () => {
    const wanted = plain(search.value.trim());
    for (const item of items) {
      item.hidden = wanted !== "" && !keys.get(item).includes(wanted) &&
        ![...item.querySelectorAll("li")].some((child) => keys.get(child).includes(wanted));
    }
  });
  search?.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  box.addEventListener("click", (event) => {
    const branch = event.target.closest("[data-branch]");
    if (!branch) return;
    const boxes = [...branch.closest("li").querySelectorAll("ul input[type=checkbox]")].filter((item) => !item.closest("li").hidden);
    const on = boxes.some((item) => !item.checked);
    for (const item of boxes) item.checked = on;
    count();
  });
  for (const branch of box.querySelectorAll("[data-branch]")) branch.hidden = false;
  const chosen = box.querySelector("[data-tree-chosen]");
  const count = () => {
    const on = [...box.querySelectorAll("input[type=checkbox]:checked")];
    if (figure) figure.textContent = String(on.length);
    if (chosen) chosen.replaceChildren(...on.slice(0, SHOWN).map((input) => name(input, chosen.dataset.remove, count)));
  };
  box.addEventListener("change", count);
  count();
}
