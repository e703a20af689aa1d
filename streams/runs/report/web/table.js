// Show the table of rumours: sortable by each column, filtered by words and level, usable by keyboard.
import { element, moment, number } from "./dom.js";

const COLUMNS = [
  { name: "first alert", class: "when", of: (one) => one.alerts[0].time, shown: (one) => moment(one.alerts[0].time) },
  { name: "level", of: (one) => level(one), shown: (one) => tag(one) },
  { name: "sharers", class: "number", of: (one) => one.sharers, shown: (one) => number(one.sharers) },
  { name: "posts", class: "number hide", of: (one) => one.posts, shown: (one) => number(one.posts) },
  { name: "content", class: "hide", of: (one) => contentOf(one), shown: (one) => contentOf(one) },
  { name: "text", class: "text", of: (one) => one.text, shown: (one) => link(one) },
];

export const level = (rumour) => Math.max(...rumour.alerts.map((alert) => alert.level ?? 0));
const tag = (one) => element("span", { class: `tag level${level(one)}` }, level(one) ? `level ${level(one)}` : one.alerts[0].state);
const link = (one) => element("a", { href: `#${one.cluster_id}`, dir: "auto" }, shorten(one.text || "(no text)", 140));
const shorten = (text, most) => [...text].length > most ? `${[...text].slice(0, most).join("")}…` : text;

function contentOf(rumour) {
  const content = rumour.alerts.at(-1).evidence.content ?? {};
  const claim = (content.claims ?? []).find((one) => one.nearness === "match");
  if (content.debunks?.length) return `fact-check: ${content.debunks[0].verdict}`;
  if (claim) return `matches a claim: ${claim.verdict}`;
  return content.harm && content.harm.category !== "other" ? `similar to “${content.harm.category}”` : "";
}

export function table(rumours, choose) {
  const whole = document.getElementById("table");
  const [head, body] = [whole.tHead, whole.tBodies[0]];
  const find = document.getElementById("find"), minimum = document.getElementById("level");
  let sorted = { at: 0, down: false }, marked = null;

  head.append(element("tr", {}, ...COLUMNS.map((column, at) => element("th",
    { scope: "col", class: column.class ?? false }, element("button", { type: "button", onclick: () => sort(at) }, column.name)))));

  function sort(at) {
    sorted = { at, down: sorted.at === at ? !sorted.down : at !== 0 && COLUMNS[at].class !== "text" };
    draw();
  }

  function draw() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = rumours.filter((one) => level(one) >= Number(minimum.value) && words.every((word) => haystack(one).includes(word)));
    const { of } = COLUMNS[sorted.at];
    shown.sort((a, b) => compare(of(a), of(b)) * (sorted.down ? -1 : 1));
    [...head.rows[0].cells].forEach((cell, at) => cell.setAttribute("aria-sort",
      at === sorted.at ? (sorted.down ? "descending" : "ascending") : "none"));
    body.replaceChildren(...shown.map((one) => element("tr",
      { "data-id": one.cluster_id, "aria-current": one.cluster_id === marked ? "true" : false },
      ...COLUMNS.map((column) => element("td", { class: column.class ?? false }, column.shown(one))))));
    document.getElementById("count").textContent = `${shown.length} of ${rumours.length}`;
  }

  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(row.dataset.id);
  });
  find.addEventListener("input", draw);
  minimum.addEventListener("change", draw);
  draw();
  return { mark: (id) => { marked = id; draw(); } };
}

const haystack = (one) => [one.text, one.cluster_id, ...one.platforms.map(([name]) => name), contentOf(one)].join(" ").toLowerCase();
const compare = (a, b) => typeof a === "number" ? a - b : String(a).localeCompare(String(b));
