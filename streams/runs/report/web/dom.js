// Helpers that build the page. Text of a message becomes a text node, never markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const number = (value) => Math.round(value).toLocaleString("en");
export const moment = (ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

export function span(ms) {
  const minutes = Math.round(ms / 60000);
  if (minutes < 1) return `${Math.round(ms / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

export function facts(pairs) {
  return element("dl", { class: "facts" }, ...pairs.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, String(value)))));
}

export function plainTable(heads, rows, numeric = []) {
  return element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head, at) =>
      element("th", { scope: "col", class: numeric.includes(at) ? "number" : false }, head)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell, at) =>
      element("td", { class: numeric.includes(at) ? "number" : false }, cell)))))));
}

// Return the colours of the levels from the style sheet, in the light or dark scheme of the reader.
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const named = (name) => style.getPropertyValue(name).trim();
  return {
    levels: [named("--level0"), named("--level1"), named("--level2"), named("--level3")],
    ink: named("--ink"), soft: named("--soft"), line: named("--line"), paper: named("--paper"), link: named("--link"),
  };
}
