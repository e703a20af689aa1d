// Show one rumour: its alerts, its growth, its forward graph and its wordings.
import { diffArrays } from "diff";
import { graph, growth } from "./charts.js";
import { element, facts, moment, number, plainTable, span } from "./dom.js";

export function show(rumour) {
  const place = document.getElementById("rumour"), body = document.getElementById("rumour-body");
  place.hidden = false;
  const last = rumour.alerts.at(-1);
  document.getElementById("rumour-title").textContent = `Cluster ${rumour.cluster_id.slice(0, 12)}`;
  const charts = { growth: chart("Growth: distinct sharers, score, thresholds and alerts", ""), graph: chart("Forward graph", "tall") };
  body.replaceChildren(...[
    element("blockquote", { class: "message", dir: "auto", lang: rumour.lang ?? false }, rumour.text || "(no text)"),
    linked(last.evidence.related ?? []),
    facts([
      ["first seen", moment(rumour.first_time)], ["last seen", moment(rumour.last_time)], ["duration", span(rumour.last_time - rumour.first_time)],
      ["distinct sharers", number(rumour.sharers)], ["posts", number(rumour.posts)], ["quotes (own words)", number(rumour.quotes)], ["chats", number(rumour.chats)], ["state", rumour.status],
    ]),
    element("p", { class: "note" }, "Counts at the end of the run; an alert has the counts of its own time."),
    element("h3", {}, "Alert history"), history(rumour),
    element("details", {}, element("summary", {}, `Explanation of the latest alert, ${at(last)}`), element("p", { dir: "auto" }, last.explanation)),
    element("h3", {}, "Growth"), charts.growth,
    element("p", { class: "note" }, "Dotted lines mark alerts, dashed lines the level thresholds. A whisker shows the number of sharers expected at an alert, with its range."),
    ...platforms(rumour.first_sightings),
    element("h3", {}, "Forward graph"), charts.graph, graphNote(rumour.shape),
    element("h3", {}, "Most influential messages"), forwarders(rumour),
    element("h3", {}, `Wordings (${number(rumour.wordings_total)})`), wordings(rumour), templates(rumour.templates),
    element("div", { class: "two" },
      element("div", {}, element("h3", {}, "Platforms"), groups(rumour.platforms, "No platforms are known.")),
      element("div", {}, element("h3", {}, "Busiest chats"), groups(rumour.busiest_chats, "No chats are known."))),
    element("h3", {}, `Content at the latest alert, ${at(last)}`), content(last.evidence.content ?? {}),
    element("h3", {}, `Data notes at the latest alert, ${at(last)}`), notes(last.evidence.notes ?? []),
  ].filter((part) => part !== null)); // a null would be shown as a word
  growth(charts.growth, rumour);
  graph(charts.graph, rumour.shape);
}

const at = (alert) => `${moment(alert.time)} UTC`;
const chart = (label, more) => element("div", { class: `chart ${more}`, role: "img", "aria-label": label, tabindex: "0" });

const RELATIONS = { same_address: "the same address under other words", same_words: "the same words over another address" };

function linked(related) {
  if (!related.length) return null;
  return element("ul", { class: "note" }, ...related.map((other) => element("li", {}, `Linked: ${RELATIONS[other.relation]}: cluster ${other.cluster_id.slice(0, 12)}`)));
}

function history(rumour) {
  return plainTable(["time (UTC)", "after first share", "state", "level", "sharers then", "headline"], rumour.alerts.map((alert) => [
    moment(alert.time), span(alert.time - rumour.first_time), alert.state,
    element("span", { class: `tag level${alert.level ?? 0}` }, String(alert.level ?? 0)), number(alert.evidence.counts.sharers), alert.headline,
  ]), [4]);
}

function platforms(sightings) {
  if (!sightings.length) return [];
  return [element("h3", {}, "Across platforms"), plainTable(["platform", "first seen (UTC)", "lag", "joined by"], sightings.map((one) => [
    one.platform, moment(one.time), one.lag || "—", one.joined_by || "first share of the cluster"]))];
}

function graphNote(shape) {
  const hidden = shape.total - shape.time.length;
  const left = hidden > 0 ? ` The graph shows ${number(shape.time.length)} of ${number(shape.total)} messages, those with the most forwards; hidden messages are counted at their nearest shown ancestor.` : "";
  return element("p", { class: "note" }, `Time runs from left to right. Solid lines are recorded edges, dashed lines inferred edges; larger dots have more direct forwards. Scroll to zoom, drag to move.${left}`);
}

function forwarders(rumour) {
  if (!rumour.forwarders.length) return element("p", { class: "note" }, "No parents are known.");
  return plainTable(["message", "sharer", "time (UTC)", "depth", "direct forwards", "total forwards"], rumour.forwarders.map((one) => [
    one.message, one.sharer, moment(one.time), String(one.depth), number(one.children), number(one.descendants)]), [3, 4, 5]);
}

function wordings(rumour) {
  const [first, ...rest] = rumour.wordings;
  if (!first) return element("p", { class: "note" }, "This run has no wordings.");
  const left = rumour.wordings_total - rumour.wordings.length;
  return element("div", {},
    element("p", { class: "note" }, "Compared with the first wording: additions are underlined, omissions are struck through."),
    element("ol", {}, element("li", {}, element("span", { class: "message", dir: "auto" }, first.text)),
      ...rest.map((one) => element("li", {}, changed(first.text, one.text), " ", ...marks(one)))),
    left > 0 ? element("p", { class: "note" }, `${number(left)} more are in wordings.parquet.`) : null);
}

function templates(found) {
  if (!found.length) return null;
  return element("div", {},
    element("p", { class: "note" }, "Templates with slots: the values that differ between wordings, with the number of messages per value."),
    ...found.map((one) => element("div", {},
      element("p", {}, element("span", { class: "message", dir: "auto" }, one.template), ` ${number(one.messages)} messages in ${number(one.wordings)} wordings `,
        ...one.variants.map((name) => element("span", { class: "tag level2" }, changedTag(name)))),
      element("ul", {}, ...one.slots.map(([name, values]) => element("li", {}, `${name}: `, ...values.flatMap(([text, count], at) => [
        at ? ", " : "", element("bdi", { class: "message" }, text || "(none)"), ` (${number(count)})`])))))));
}

// Split into words by the rules of each script: a split at vowel signs would break Indic words.
const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
const words = (text) => [...segmenter.segment(text)].map((one) => one.segment);

function changed(before, after) {
  return element("span", { class: "message", dir: "auto" }, ...diffArrays(words(before), words(after)).map((part) => {
    const text = part.value.join("");
    return part.added ? element("ins", {}, text) : part.removed ? element("del", {}, text) : text;
  }));
}

const changedTag = (name) => `changed ${name.replace("_", " ")}`;

function marks(one) {
  const names = one.variants ? one.variants.split(",") : [];
  const near = one.similarity === null ? one.method : `${one.method} ${one.similarity.toFixed(2)}`;
  return [element("span", { class: "tag" }, near), ...names.map((name) => element("span", { class: "tag level2" }, changedTag(name)))];
}

const groups = (pairs, otherwise) => pairs.length
  ? plainTable(["name", "posts"], pairs.map(([name, count]) => [name, number(count)]), [1])
  : element("p", { class: "note" }, otherwise);

function content(known) {
  const items = [
    ...(known.debunks ?? []).map((one) => `Fact-check by ${one.publisher}, verdict “${one.verdict}”`),
    ...(known.claims ?? []).map((one) => `${one.nearness === "match" ? "Matches" : "Resembles"} a claim checked by ${one.publisher}, ` +
      `verdict “${one.verdict}”${one.date ? `, ${one.date.slice(0, 10)}` : ""}: ${one.text}`),
    ...(known.harm ? [`Most similar labelled example: “${known.harm.category}” (cosine ${known.harm.score.toFixed(2)}); for the order of a review queue, not a finding`] : []),
    ...(known.reports ? [`Reports by ${number(known.reports)} distinct users`] : []),
  ];
  return items.length ? element("ul", {}, ...items.map((item) => element("li", { dir: "auto" }, item))) : element("p", { class: "note" }, "No information.");
}

const notes = (lines) => lines.length ? element("ul", {}, ...lines.map((line) => element("li", {}, line))) : element("p", { class: "note" }, "None.");
