// Forms: a busy button that cannot be pressed twice, uploads with progress and time left, fields that depend on others.
export function forms() {
  for (const form of document.querySelectorAll("form[method=post]")) {
    if (form.querySelector("input[type=file][data-upload]")) { uploads(form); continue; }
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      setTimeout(() => { delete form.dataset.sent; }, 8000);
    });
  }
  addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });
  for (const field of document.querySelectorAll("[data-shows]")) {
    const form = field.closest("form");
    const apply = () => {
      for (const part of form.querySelectorAll(`[data-when="${field.name}"]`)) {
        const on = part.dataset.is.split(" ").includes(field.type === "checkbox" ? String(field.checked) : field.value);
        part.hidden = !on;
        for (const input of part.querySelectorAll("input, select, textarea")) input.disabled = !on;
      }
    };
    field.addEventListener("change", apply);
    apply();
  }
}

function uploads(form) {
  const words = form.dataset.words || "{percent} %";
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    const input = form.querySelector("input[type=file][data-upload]");
    if (!input.files.length) return;
    event.preventDefault();
    form.dataset.sent = "1";
    const data = new FormData(form, event.submitter);
    const line = document.createElement("div");
    line.className = "field";
    const bar = document.createElement("progress");
    const text = document.createElement("p");
    bar.max = 100;
    text.className = "hint";
    text.setAttribute("role", "status");
    line.append(bar, text);
    form.append(line);
    const started = Date.now();
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-CSRF-Token", document.querySelector("meta[name=csrf]").content);
    request.upload.addEventListener("progress", (moved) => {
      if (!moved.lengthComputable) return;
      const percent = Math.floor(100 * moved.loaded / moved.total);
      const left = Math.ceil((Date.now() - started) / 1000 * (moved.total - moved.loaded) / Math.max(1, moved.loaded));
      bar.value = percent;
      text.textContent = words.replace("{percent}", String(percent)).replace("{seconds}", String(left));
    });
    request.addEventListener("load", () => {
      const type = request.getResponseHeader("Content-Type") || "";
      const next = request.getResponseHeader("X-Location");
      if (request.status < 300 && next) location.assign(next);
      else if (type.startsWith("text/html")) show(request.responseText);
      else failed();
    });
    const failed = () => { delete form.dataset.sent; line.remove(); form.submit(); };
    request.addEventListener("error", () => { delete form.dataset.sent; bar.remove(); text.className = "fault"; text.textContent = form.dataset.failed || ""; });
    request.send(data);
  });
}

function show(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const main = page.querySelector("#main");
  document.querySelector("#main").replaceWith(main);
  forms();
  main.querySelector("[data-summary]")?.focus();
  scrollTo(0, 0);
}
