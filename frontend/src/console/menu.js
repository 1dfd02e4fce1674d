// The side menu on narrow screens, drop-down menus, and the menu search (Ctrl+K).
const side = document.getElementById("side");
const search = document.getElementById("menu-search");

// The menu is longer than many a screen: where one is must be seen without scrolling it.
const here = side?.querySelector("[aria-current]");
if (here) side.scrollTop = Math.max(0, here.offsetTop + 2 * here.offsetHeight - side.clientHeight);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-toggle-side]")) toggleSide();
  if (event.target.closest("[data-open-search]")) openSearch();
  for (const drop of document.querySelectorAll("details.drop[open]")) {
    if (!drop.contains(event.target)) drop.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const drop of document.querySelectorAll("details.drop[open]")) {
      drop.open = false;
      drop.querySelector("summary").focus();
    }
    if (side?.classList.contains("is-open")) toggleSide();
  }
  if (event.ctrlKey && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k" && search) {
    event.preventDefault();
    openSearch();
  }
});

function toggleSide() {
  const isOpen = side.classList.toggle("is-open");
  document.querySelector(".top-menu")?.setAttribute("aria-expanded", String(isOpen));
  (isOpen ? side.querySelector(".side-close") : document.querySelector(".top-menu"))?.focus();
}

function openSearch() {
  if (!search || search.open) return;
  search.showModal();
  const input = search.querySelector("input");
  input.value = "";
  narrow("");
  input.focus();
}

// Names are compared as people type them: full width, katakana and capitals make no difference.
function fold(text) {
  return text.normalize("NFKC").toLowerCase().replace(/[\u30a1-\u30f6]/g, (kana) =>
    String.fromCharCode(kana.charCodeAt(0) - 0x60));
}

function narrow(typed) {
  const words = fold(typed).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of search.querySelectorAll("li")) {
    const link = row.querySelector("a");
    const fits = words.every((word) => fold(link.dataset.words).includes(word));
    row.hidden = !fits;
    link.classList.toggle("is-first", fits && shown === 0);
    if (fits) shown += 1;
  }
  search.querySelector(".menu-search-none").hidden = shown > 0;
}

search?.querySelector("input").addEventListener("input", (event) => narrow(event.target.value));
search?.addEventListener("keydown", (event) => {
  if (event.isComposing) return; // Enter and Escape still belong to the Japanese being typed
  // The browser's own Escape empties a search field first and closes only the second time.
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    search.close();
    return;
  }
  const links = [...search.querySelectorAll("li:not([hidden]) a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown") links[Math.min(at + 1, links.length - 1)]?.focus();
  else if (event.key === "ArrowUp") (at <= 0 ? search.querySelector("input") : links[at - 1]).focus();
  else if (event.key === "Enter" && at < 0) links[0]?.click();
  else return;
  event.preventDefault();
});
search?.addEventListener("click", (event) => {
  if (event.target === search) search.close();
});
