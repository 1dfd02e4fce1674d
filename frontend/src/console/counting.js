// Counts a text in code points after CRLF → LF, exactly as the server does (D18): 𠮷 is one character here, not two.
export function countCharacters(text) {
  return [...text.replace(/\r\n/g, "\n")].length;
}

function check(area) {
  const limit = Number(area.dataset.limit);
  const count = countCharacters(area.value);
  const shown = document.getElementById(area.dataset.counter);
  if (shown) {
    shown.textContent = `${count} / ${limit}`;
    shown.classList.toggle("is-over", count > limit);
  }
  area.setCustomValidity(count > limit ? area.dataset.tooLong.replace("%(length)s", count).replace("%(limit)s", limit) : "");
}

for (const area of document.querySelectorAll("textarea[data-limit]")) {
  check(area);
  area.addEventListener("input", () => check(area));
}
