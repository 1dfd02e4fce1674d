// A row with data-when="field=value" is shown only while that field has that value (R50, R51, R58, R60, R61).
// Hidden fields are disabled, so that the browser does not send them; the server clears them as well (R65).
function valueOf(form, name) {
  const found = form.elements[name];
  if (!found) return "";
  if (found instanceof RadioNodeList) return found.value;
  return found.type === "checkbox" ? String(found.checked) : found.value;
}

function show(form) {
  for (const row of form.querySelectorAll("[data-when]")) {
    const fits = row.dataset.when.split("&").every((each) => {
      const [name, wanted] = each.split("=");
      return wanted.split("|").includes(valueOf(form, name));
    });
    row.hidden = !fits;
    for (const input of row.querySelectorAll("input, select, textarea")) input.disabled = !fits;
  }
}

for (const form of document.querySelectorAll("form")) {
  if (!form.querySelector("[data-when]")) continue;
  show(form);
  form.addEventListener("change", () => show(form));
}
