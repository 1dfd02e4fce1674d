// Every page: fragments by htmx, confirmation, menus. What it needs from a page stands in data- attributes.
import htmx from "htmx.org";
import "../console/asking.js";
import "../console/chat_copy.js";
import "../console/counting.js";
import "../console/dependent_fields.js";
import "../console/folding.js";
import "../console/menu.js";
import "../console/putting_words.js";

window.htmx = htmx;
