// What the page brought for its scripts: ids, switches and the sentences they put up.
export const script = JSON.parse(document.getElementById("desk-script").textContent);
export const words = script.words;
