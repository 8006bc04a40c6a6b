// Fields on the page image: dragged with mouse or finger, moved with the arrow keys; the numbers beside say the same.
const MM = 96 / 25.4; // CSS pixels of a millimetre at scale 1
const form = document.querySelector("[data-spots]");
const sheets = document.querySelector(".viewer .sheets");
const leaves = new Map(); // page number -> its element and scale

class Spot {
  constructor(row) {
    this.row = row;
    this.inputs = Object.fromEntries([...row.querySelectorAll("input[type=number]")].map((input) => [input.name, input]));
    this.box = document.createElement("div");
    this.box.className = `spot ${row.dataset.spot}`;
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "button");
    this.box.setAttribute("aria-describedby", "place-hint");
    this.box.textContent = row.dataset.words;
    row.addEventListener("input", () => this.show());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("pointerdown", (event) => this.drag(event));
    this.box.addEventListener("focus", () => row.classList.add("chosen"));
    this.box.addEventListener("blur", () => row.classList.remove("chosen"));
  }

  value(name) { return Number(this.inputs[name].value) || 0; }

  set(x, y) {
    const leaf = leaves.get(this.value("page"));
    if (!leaf) return;
    this.inputs.x.value = Math.min(Math.max(0, x), leaf.wide - this.value("w")).toFixed(1);
    this.inputs.y.value = Math.min(Math.max(0, y), leaf.high - this.value("h")).toFixed(1);
    this.show();
  }

  show() {
    const leaf = leaves.get(this.value("page"));
    this.box.setAttribute("aria-label", `${this.row.dataset.words}: ${this.inputs.x.value} × ${this.inputs.y.value} mm`);
    if (!leaf) { this.box.remove(); return; }
    const unit = MM * leaf.scale;
    this.box.style.left = `${this.value("x") * unit}px`;
    this.box.style.bottom = `${this.value("y") * unit}px`;
    this.box.style.width = `${this.value("w") * unit}px`;
    this.box.style.height = `${this.value("h") * unit}px`;
    if (this.box.parentNode !== leaf.element) leaf.element.append(this.box);
  }

  key(event) {
    const step = event.shiftKey ? 10 : 1;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const way = ways[event.key];
    if (event.key === "Enter") { this.inputs.x.focus(); event.preventDefault(); return; }
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    this.set(this.value("x") + way[0], this.value("y") + way[1]);
    this.row.dispatchEvent(new Event("input", { bubbles: true }));
  }

  drag(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.box.focus({ preventScroll: true });
    this.box.setPointerCapture(event.pointerId);
    const unit = MM * leaves.get(this.value("page")).scale;
    const from = { x: this.value("x") - event.clientX / unit, y: this.value("y") + event.clientY / unit };
    const move = (moved) => this.set(from.x + moved.clientX / unit, from.y - moved.clientY / unit);
    const end = () => {
      this.box.removeEventListener("pointermove", move);
      this.row.dispatchEvent(new Event("input", { bubbles: true }));
    };
    this.box.addEventListener("pointermove", move);
    this.box.addEventListener("pointerup", end, { once: true });
    this.box.addEventListener("pointercancel", end, { once: true });
  }
}

const spots = [...form.querySelectorAll("[data-spot]")].map((row) => new Spot(row));

sheets.addEventListener("drawn", (event) => {
  const { number, scale, width, height } = event.detail;
  leaves.set(number, { element: event.target, scale, wide: width / MM, high: height / MM });
  for (const spot of spots) if (spot.value("page") === number) spot.show();
});
