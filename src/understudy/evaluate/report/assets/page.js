// The page around the pictures: theme, download, longer tables, the section in view.
const themed = [];
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
let printing = false;
const isDark = () => !printing && (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);

function themeSwitch() {
  const button = byId("theme");
  // Storage may be shut for local files; the choice then lasts until the page is closed.
  const stored = (work) => { try { return work(); } catch { return null; } };
  const kept = stored(() => localStorage.getItem("understudy-theme"));
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  const tell = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  const changed = () => { tell(); themed.forEach((paint) => paint()); };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    stored(() => localStorage.setItem("understudy-theme", root.dataset.theme));
    changed();
  });
  prefersDark.addEventListener("change", changed);
  // Paper is white, whatever the screen is.
  for (const [event, now] of [["beforeprint", true], ["afterprint", false]]) addEventListener(event, () => { printing = now; themed.forEach((paint) => paint()); });
  button.hidden = false;
  tell();
}

function downloadButton(content) {
  byId("download").hidden = false;
  byId("download").addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([JSON.stringify(content(), null, 1)], { type: "application/json" }));
    const link = make("a", { href: address, download: root.dataset.file });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  });
}

function longTables() {
  for (const button of document.querySelectorAll(".tablebox .more")) {
    button.hidden = false;
    const all = button.textContent;
    button.addEventListener("click", () => {
      const open = button.parentElement.classList.toggle("all");
      button.textContent = open ? "Show fewer" : all;
    });
  }
}

function sectionInView() {
  const links = new Map([...document.querySelectorAll(".topbar nav a")].map((link) => [link.hash.slice(1), link]));
  const strip = document.querySelector(".topbar nav");
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const link = links.get(entry.target.id);
      if (!entry.isIntersecting) { link.removeAttribute("aria-current"); continue; }
      link.setAttribute("aria-current", "true");
      strip.scrollTo({ left: link.offsetLeft - strip.clientWidth / 2 });
    }
  }, { rootMargin: "-20% 0px -75% 0px" });
  for (const id of links.keys()) seen.observe(byId(id));
}

// Each part by itself: one that fails leaves the others working.
function begin(...steps) {
  for (const step of steps) {
    try { step(); } catch (error) { fault(error); }
  }
  root.dataset.ready = "true";
}
