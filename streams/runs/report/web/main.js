// Read the data, fill the page, and connect its parts. Text of a message becomes a text node, never markup.
import { timeline } from "./charts.js";
import { element, facts, number } from "./dom.js";
import { show } from "./rumour.js";
import { table } from "./table.js";

const data = JSON.parse(document.getElementById("data").textContent);
const counts = data.manifest.counts;

document.title = `Hearsay report: ${data.title}`;
document.getElementById("summary").append(
  `${data.title}: ${number(counts.received)} events from `,
  element("bdi", {}, data.manifest.input.name),
  `, ${number(counts.clusters)} clusters, ${number(counts.alerts)} alerts on ${number(data.rumours.length)} rumours` +
    (counts.withheld ? `, ${number(counts.withheld)} alerted late or not at all because of the alert budget` : "") +
    (data.manifest.complete ? "." : ". The run was interrupted."),
);

const choose = (id, focus = true) => {
  const rumour = id && data.rumours.find((one) => one.cluster_id.startsWith(id));
  if (!rumour) return;
  show(rumour, data);
  rows.mark(rumour.cluster_id);
  if (location.hash !== `#${id}`) history.replaceState(null, "", `#${id}`);
  if (focus) document.getElementById("rumour").focus();
};
const rows = table(data.rumours, choose);
timeline(document.getElementById("timeline"), data, choose);

document.getElementById("manifest").append(
  facts([
    ["events", number(counts.received)], ["applied", number(counts.applied)], ["duplicates", number(counts.duplicates)],
    ["late", number(counts.late)], ["rejected", number(counts.rejected)], ["model", data.manifest.model_revision],
    ["settings digest", data.manifest.settings_digest.slice(0, 12)], ["code version", data.manifest.code_version],
  ]),
  element("details", {}, element("summary", {}, "All settings"), settings(data.manifest.settings)),
);

function settings(values) {
  return element("div", { class: "scroll" }, element("table", {}, element("tbody", {},
    ...Object.entries(values).map(([name, value]) =>
      element("tr", {}, element("td", {}, name), element("td", {}, JSON.stringify(value)))))));
}

window.addEventListener("hashchange", () => choose(location.hash.slice(1)));
if (location.hash.length > 1) choose(location.hash.slice(1));
else if (data.rumours.length) choose(data.rumours[0].cluster_id, false);
document.documentElement.dataset.ready = "true";
