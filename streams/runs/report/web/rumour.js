// Everything about one rumour: what was said of it, how it grew, who passed it on, in which words.
import { diffArrays } from "diff";
import { graph, growth } from "./charts.js";
import { element, facts, moment, number, plainTable, span } from "./dom.js";

export function show(rumour) {
  const place = document.getElementById("rumour"), body = document.getElementById("rumour-body");
  place.hidden = false;
  const last = rumour.alerts.at(-1);
  document.getElementById("rumour-title").textContent = `Cluster ${rumour.cluster_id.slice(0, 12)}`;
  const charts = { growth: chart("How it grew: distinct sharers, score, limits and alerts", ""), graph: chart("The forward graph", "tall") };
  body.replaceChildren(
    element("blockquote", { class: "message", dir: "auto", lang: rumour.lang ?? false }, rumour.text || "(no text)"),
    facts([
      ["first seen", moment(rumour.first_time)], ["last seen", moment(rumour.last_time)], ["spread over", span(rumour.last_time - rumour.first_time)],
      ["distinct sharers", number(rumour.sharers)], ["posts", number(rumour.posts)], ["chats", number(rumour.chats)], ["state", rumour.status],
    ]),
    element("h3", {}, "What was said, when"), said(rumour),
    element("details", {}, element("summary", {}, "The last explanation in full"), element("p", { dir: "auto" }, last.explanation)),
    element("h3", {}, "How it grew"), charts.growth,
    element("p", { class: "note" }, "Dotted lines are alerts, dashed ones the levels' limits; a whisker is the rough number of sharers expected at an alert, with its range."),
    element("h3", {}, "Forward graph"), charts.graph, graphNote(rumour.shape),
    element("h3", {}, "Most influential messages"), forwarders(rumour),
    element("h3", {}, `Wordings (${number(rumour.wordings_total)})`), wordings(rumour), families(rumour.families),
    element("div", { class: "two" },
      element("div", {}, element("h3", {}, "Platforms"), groups(rumour.platforms, "small groups are left out")),
      element("div", {}, element("h3", {}, "Busiest chats"), groups(rumour.busiest_chats, "none known"))),
    element("h3", {}, "What is known of the content"), content(last.evidence.content ?? {}),
    element("h3", {}, "Data notes"), notes(last.evidence.notes ?? []),
  );
  growth(charts.growth, rumour);
  graph(charts.graph, rumour.shape);
}

const chart = (label, more) => element("div", { class: `chart ${more}`, role: "img", "aria-label": label, tabindex: "0" });

function said(rumour) {
  return plainTable(["time", "after", "what", "level", "sharers", "headline"], rumour.alerts.map((alert) => [
    moment(alert.time), span(alert.time - rumour.first_time), alert.state,
    element("span", { class: `tag level${alert.level ?? 0}` }, String(alert.level ?? 0)), number(alert.evidence.counts.sharers), alert.headline,
  ]), [4]);
}

function graphNote(shape) {
  const hidden = shape.total - shape.time.length;
  const left = hidden > 0 ? ` ${number(shape.time.length)} of ${number(shape.total)} messages are drawn, those with the most after them; the others are counted at the nearest one that is.` : "";
  return element("p", { class: "note" }, `From left to right: time. Solid lines are recorded, dashed ones inferred; larger dots have more messages directly after them. Scroll to zoom, drag to move.${left}`);
}

function forwarders(rumour) {
  if (!rumour.forwarders.length) return element("p", { class: "note" }, "No parents are known.");
  return plainTable(["message", "sharer", "time", "depth", "directly after it", "in all after it"], rumour.forwarders.map((one) => [
    one.message, one.sharer, moment(one.time), String(one.depth), number(one.children), number(one.descendants)]), [3, 4, 5]);
}

function wordings(rumour) {
  const [first, ...rest] = rumour.wordings;
  if (!first) return element("p", { class: "note" }, "This run keeps no wordings.");
  const left = rumour.wordings_total - rumour.wordings.length;
  return element("div", {},
    element("p", { class: "note" }, "Against the first one: what was added is underlined, what was left out is struck through."),
    element("ol", {}, element("li", {}, element("span", { class: "message", dir: "auto" }, first.text)),
      ...rest.map((one) => element("li", {}, changed(first.text, one.text), " ", ...marks(one)))),
    left > 0 ? element("p", { class: "note" }, `${number(left)} more are in wordings.parquet.`) : null);
}

function families(found) {
  if (!found.length) return null;
  return element("div", {},
    element("p", { class: "note" }, "As sentences with slots: what differs between wordings, and how many messages bear each value."),
    ...found.map((one) => element("div", {},
      element("p", {}, element("span", { class: "message", dir: "auto" }, one.template), ` ${number(one.messages)} messages in ${number(one.wordings)} wordings `,
        ...one.variants.map((name) => element("span", { class: "tag level2" }, `another ${name}`))),
      element("ul", {}, ...one.slots.map(([name, values]) => element("li", {}, `${name}: `, ...values.flatMap(([text, count], at) => [
        at ? ", " : "", element("bdi", { class: "message" }, text || "–"), ` (${number(count)})`])))))));
}

// Word by word as each script has words: what splits at vowel signs would tear Indic words apart.
const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
const words = (text) => [...segmenter.segment(text)].map((one) => one.segment);

function changed(before, after) {
  return element("span", { class: "message", dir: "auto" }, ...diffArrays(words(before), words(after)).map((part) => {
    const text = part.value.join("");
    return part.added ? element("ins", {}, text) : part.removed ? element("del", {}, text) : text;
  }));
}

function marks(one) {
  const names = one.variants ? one.variants.split(",") : [];
  const near = one.similarity === null ? one.method : `${one.method} ${one.similarity.toFixed(2)}`;
  return [element("span", { class: "tag" }, near), ...names.map((name) => element("span", { class: "tag level2" }, `another ${name}`))];
}

const groups = (pairs, otherwise) => pairs.length
  ? plainTable(["name", "posts"], pairs.map(([name, count]) => [name, number(count)]), [1])
  : element("p", { class: "note" }, otherwise);

function content(known) {
  const items = [
    ...(known.debunks ?? []).map((one) => `Fact-check by ${one.publisher}, verdict “${one.verdict}”`),
    ...(known.claims ?? []).map((one) => `${one.nearness === "match" ? "Repeats" : "Resembles"} a claim checked by ${one.publisher}, ` +
      `verdict “${one.verdict}”${one.date ? `, ${one.date.slice(0, 10)}` : ""}: ${one.text}`),
    ...(known.harm ? [`Nearest labelled example: “${known.harm.category}” (cosine ${known.harm.score.toFixed(2)}); for ordering a queue, not a finding`] : []),
    ...(known.reports ? [`Reported by ${number(known.reports)}`] : []),
  ];
  return items.length ? element("ul", {}, ...items.map((item) => element("li", { dir: "auto" }, item))) : element("p", { class: "note" }, "Nothing is known.");
}

const notes = (lines) => lines.length ? element("ul", {}, ...lines.map((line) => element("li", {}, line))) : element("p", { class: "note" }, "None.");
