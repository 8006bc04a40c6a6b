// The viewer: pages of a PDF drawn when they come into sight, with selectable text. The file comes in ranges.
const ZOOMS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4];
const NEAR = "600px";

class Viewer {
  constructor(root, pdfjs) {
    this.root = root;
    this.pdfjs = pdfjs;
    this.sheets = root.querySelector(".sheets");
    this.input = root.querySelector("[data-at]");
    this.zoomText = root.querySelector("[data-zoom]");
    this.pages = [];
    this.factor = 1;
    this.fit = true;
    this.at = 1;
  }

  async open() {
    this.say(this.root.dataset.loading);
    const assets = this.root.dataset.assets;
    const task = this.pdfjs.getDocument({
      url: this.root.dataset.viewer,
      cMapUrl: `${assets}cmaps/`,
      cMapPacked: true,
      standardFontDataUrl: `${assets}standard_fonts/`,
      wasmUrl: `${assets}wasm/`,
      iccUrl: `${assets}iccs/`,
      isEvalSupported: false,
      enableXfa: false,
      rangeChunkSize: 262144,
      disableAutoFetch: true,
      disableStream: true,
    });
    this.file = await task.promise;
    this.sheets.replaceChildren();
    this.root.querySelector("[data-of]").textContent = String(this.file.numPages);
    this.input.max = String(this.file.numPages);
    for (const control of this.root.querySelectorAll("[disabled]")) control.disabled = false;
    const first = await this.file.getPage(1);
    const size = first.getViewport({ scale: 96 / 72 });
    for (let number = 1; number <= this.file.numPages; number += 1) {
      const leaf = document.createElement("div");
      leaf.className = "leaf-page";
      leaf.dataset.number = String(number);
      leaf.setAttribute("role", "img");
      leaf.setAttribute("aria-label", `${this.root.dataset.page} ${number}`);
      this.sheets.append(leaf);
      this.pages.push({ leaf, width: size.width, height: size.height, drawn: 0, job: null });
    }
    this.resize();
    this.watch();
    this.controls();
  }

  say(words) {
    const line = document.createElement("p");
    line.className = "status";
    line.setAttribute("role", "status");
    line.textContent = words;
    this.sheets.replaceChildren(line);
  }

  resize() {
    if (this.fit) {
      const room = this.sheets.clientWidth - 2 * parseFloat(getComputedStyle(this.sheets).paddingLeft);
      this.factor = Math.max(0.3, Math.min(2, room / Math.max(...this.pages.map((page) => page.width))));
    }
    for (const page of this.pages) {
      page.leaf.style.width = `${Math.floor(page.width * this.factor)}px`;
      page.leaf.style.height = `${Math.floor(page.height * this.factor)}px`;
    }
    this.zoomText.textContent = `${Math.round(this.factor * 100)}%`;
  }

  watch() {
    this.seen = new Set();
    this.near = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const page = this.pages[Number(entry.target.dataset.number) - 1];
        if (entry.isIntersecting) { this.seen.add(page); this.draw(page); } else { this.seen.delete(page); this.clear(page); }
      }
    }, { root: this.sheets, rootMargin: NEAR });
    for (const page of this.pages) this.near.observe(page.leaf);
    this.sheets.addEventListener("scroll", () => this.where(), { passive: true });
    let timer = 0;
    new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(() => { if (this.fit) this.redraw(); }, 120);
    }).observe(this.sheets);
  }

  async draw(page) {
    const wanted = this.factor;
    if (page.drawn === wanted || page.job) return;
    page.job = (async () => {
      const sheet = await this.file.getPage(Number(page.leaf.dataset.number));
      const own = sheet.getViewport({ scale: 96 / 72 });
      if (own.width !== page.width || own.height !== page.height) {
        page.width = own.width;
        page.height = own.height;
        page.leaf.style.width = `${Math.floor(own.width * wanted)}px`;
        page.leaf.style.height = `${Math.floor(own.height * wanted)}px`;
      }
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const view = sheet.getViewport({ scale: wanted * 96 / 72 });
      const canvas = document.createElement("canvas");
      canvas.width = Math.floor(view.width * ratio);
      canvas.height = Math.floor(view.height * ratio);
      await sheet.render({ canvas, viewport: sheet.getViewport({ scale: wanted * ratio * 96 / 72 }) }).promise;
      const layer = document.createElement("div");
      layer.className = "textLayer";
      page.leaf.style.setProperty("--total-scale-factor", String(wanted * 96 / 72));
      page.leaf.style.setProperty("--scale-round-x", "1px");
      page.leaf.style.setProperty("--scale-round-y", "1px");
      const text = new this.pdfjs.TextLayer({ textContentSource: sheet.streamTextContent(), container: layer, viewport: view });
      await text.render();
      page.leaf.removeAttribute("role");
      page.leaf.replaceChildren(canvas, layer);
      page.drawn = wanted;
      const detail = { number: Number(page.leaf.dataset.number), scale: wanted, width: page.width, height: page.height };
      page.leaf.dispatchEvent(new CustomEvent("drawn", { bubbles: true, detail }));
    })();
    try { await page.job; } catch (error) { this.say(`${this.root.dataset.failed}`); void error; return; }
    finally { page.job = null; }
    if (this.seen.has(page) && page.drawn !== this.factor) this.draw(page);
  }

  clear(page) {
    if (page.job) return;
    page.leaf.replaceChildren();
    page.drawn = 0;
  }

  redraw() {
    const at = this.at;
    this.resize();
    for (const page of this.seen) this.draw(page);
    this.go(at);
  }

  where() {
    const middle = this.sheets.scrollTop + this.sheets.clientHeight / 3;
    let at = 1;
    for (const page of this.pages) if (page.leaf.offsetTop - this.sheets.offsetTop <= middle) at = Number(page.leaf.dataset.number);
    this.at = at;
    if (document.activeElement !== this.input) this.input.value = String(at);
  }

  go(number) {
    const page = this.pages[Math.max(1, Math.min(this.pages.length, number)) - 1];
    this.sheets.scrollTop = page.leaf.offsetTop - this.sheets.offsetTop - 8;
  }

  zoom(step) {
    const next = step > 0 ? ZOOMS.find((value) => value > this.factor + 0.01) : ZOOMS.findLast((value) => value < this.factor - 0.01);
    if (!next) return;
    this.fit = false;
    this.factor = next;
    this.redraw();
  }

  controls() {
    const acts = {
      previous: () => this.go(this.at - 1),
      next: () => this.go(this.at + 1),
      in: () => this.zoom(1),
      out: () => this.zoom(-1),
      width: () => { this.fit = true; this.redraw(); },
    };
    for (const button of this.root.querySelectorAll("[data-act]")) button.addEventListener("click", acts[button.dataset.act]);
    this.input.addEventListener("change", () => this.go(Number(this.input.value) || 1));
    const keys = { n: acts.next, p: acts.previous, "+": acts.in, "=": acts.in, "-": acts.out, 0: acts.width };
    this.sheets.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const act = keys[event.key];
      if (act) { event.preventDefault(); act(); }
    });
  }
}

for (const root of document.querySelectorAll("[data-viewer]")) {
  const build = root.dataset.pdfjs;
  try {
    const pdfjs = await import(`${build}pdf.min.mjs`);
    pdfjs.GlobalWorkerOptions.workerSrc = `${build}pdf.worker.min.mjs`;
    const viewer = new Viewer(root, pdfjs);
    await viewer.open();
    root.dataset.ready = "1";
  } catch (error) {
    const line = document.createElement("p");
    line.className = "status";
    line.setAttribute("role", "alert");
    const link = document.createElement("a");
    link.href = root.dataset.viewer;
    link.textContent = root.dataset.failed;
    line.append(link);
    root.querySelector(".sheets").replaceChildren(line);
    root.dataset.ready = "0";
    void error;
  }
}
