// Draw the charts with ECharts on a canvas, which stays fast with many thousands of points.
import { BarChart, CustomChart, LineChart, LinesChart, ScatterChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { colours, moment, number } from "./dom.js";

use([BarChart, CustomChart, LineChart, LinesChart, ScatterChart, AriaComponent, DataZoomComponent, GridComponent,
  LegendComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

const drawn = new Map();
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

function draw(place, option, ready = () => {}) {
  drawn.get(place)?.chart.dispose();
  const chart = init(place, null, { renderer: "canvas" });
  const paint = () => chart.setOption({ animation: !still, textStyle: { fontFamily: "inherit" }, ...option(colours()) }, true);
  paint();
  ready(chart);
  drawn.set(place, { chart, paint });
  return chart;
}

new ResizeObserver(() => drawn.forEach(({ chart }) => chart.resize())).observe(document.body);
dark.addEventListener("change", () => drawn.forEach(({ paint }) => paint()));
window.addEventListener("beforeprint", () => drawn.forEach(({ chart }) => chart.resize()));

// Return the range of most times, because a few late shares would compress the rest into the first pixels.
function mainRange(times) {
  const sorted = [...times].sort((a, b) => a - b), first = sorted[0], last = sorted.at(-1);
  const end = sorted[Math.ceil(sorted.length * 0.95) - 1];
  return end - first < (last - first) / 2 ? { startValue: first, endValue: end + (end - first) * 0.1 + 1000 } : {};
}

const axis = (ink, more = {}) => ({ axisLabel: { color: ink.soft }, nameTextStyle: { color: ink.soft },
  axisLine: { lineStyle: { color: ink.line } }, splitLine: { lineStyle: { color: ink.line } }, ...more });
const time = (ink, more = {}) => axis(ink, { type: "time", splitLine: { show: false }, ...more });
const bubble = (ink) => ({ backgroundColor: ink.paper, borderColor: ink.line, textStyle: { color: ink.ink }, confine: true,
  renderMode: "richText" });

export function timeline(place, data, choose) {
  const { start, step, shares } = data.volume;
  const volume = shares.map((count, at) => [start + at * step, count]);
  const alerts = data.rumours.flatMap((rumour) => rumour.alerts.filter((alert) => !["subsided", "closed"].includes(alert.state))
    .map((alert) => ({ value: [alert.time, alert.evidence.counts.sharers], level: alert.level ?? 0, headline: alert.headline, id: rumour.cluster_id })));
  draw(place, (ink) => ({
    aria: { enabled: true },
    grid: { left: 56, right: 56, top: 36, bottom: 64 },
    tooltip: { ...bubble(ink), trigger: "item", formatter: ({ data: one }) =>
      one.headline ? `${moment(one.value[0])}\n${one.headline}` : `${moment(one[0])}\n${number(one[1])} shares` },
    dataZoom: [{ type: "inside" }, { type: "slider", height: 18, bottom: 8 }],
    xAxis: time(ink),
    yAxis: [axis(ink, { type: "value", name: "shares" }), axis(ink, { type: "log", min: 1, name: "sharers at the alert", splitLine: { show: false } })],
    series: [
      { type: "bar", name: "shares", data: volume, barWidth: "99%", itemStyle: { color: ink.line } },
      { type: "scatter", name: "alerts", yAxisIndex: 1, symbolSize: (_, { data: one }) => 9 + 3 * one.level,
        data: alerts.map((one) => ({ ...one, itemStyle: { color: ink.levels[one.level], borderColor: ink.paper, borderWidth: 1 } })) },
    ],
  }), (chart) => chart.on("click", ({ data: one }) => one?.id && choose(one.id)));
}

export function growth(place, rumour) {
  const { curve, alerts } = rumour;
  const forecast = alerts.filter((alert) => alert.evidence.growth.expected_further != null && (alert.level ?? 0) > 0);
  draw(place, (ink) => ({
    aria: { enabled: true },
    legend: { textStyle: { color: ink.ink }, top: 0, data: ["distinct sharers", "score", "expected sharers"] },
    grid: { left: 56, right: 56, top: 48, bottom: 64 },
    tooltip: { ...bubble(ink), trigger: "item", formatter: (one) => tooltip(one) },
    dataZoom: [{ type: "inside", ...mainRange(curve.time) }, { type: "slider", height: 18, bottom: 8, ...mainRange(curve.time) }],
    xAxis: time(ink),
    yAxis: [axis(ink, { type: "value", name: "sharers" }), axis(ink, { type: "value", name: "score", splitLine: { show: false }, scale: true,
      max: (range) => Math.ceil(Math.max(range.max, curve.thresholds[0] + 0.5)) })],
    series: [
      { name: "distinct sharers", type: "line", step: "end", showSymbol: false, color: ink.link,
        data: curve.time.map((at, n) => [at, curve.sharers[n]]),
        markLine: { symbol: "none", silent: true, label: { show: false }, lineStyle: { color: ink.soft, type: "dotted" },
          data: alerts.map((alert) => ({ xAxis: alert.time })) } },
      { name: "score", type: "line", yAxisIndex: 1, showSymbol: false, color: ink.levels[1],
        data: curve.time.map((at, n) => [at, curve.score[n]]),
        markLine: { symbol: "none", silent: true, data: curve.thresholds.map((threshold, n) => ({ yAxis: threshold,
          lineStyle: { color: ink.levels[n + 1], type: "dashed" }, label: { formatter: `level ${n + 1}`, color: ink.levels[n + 1], position: "insideEndTop" } })) } },
      { name: "expected sharers", type: "custom", color: ink.levels[2], encode: { x: 0, y: [1, 2, 3] },
        data: forecast.map((alert) => reach(alert)), renderItem: (params, api) => whisker(api, ink) },
      { name: "alerts", type: "scatter", symbolSize: 11, data: alerts.map((alert) => ({ value: [alert.time, alert.evidence.counts.sharers],
        headline: alert.headline, itemStyle: { color: ink.levels[alert.level ?? 0], borderColor: ink.paper, borderWidth: 1 } })) },
    ],
  }));
}

function reach(alert) {
  const { sharers } = alert.evidence.counts, { expected_further: rough, expected_low: low, expected_high: high } = alert.evidence.growth;
  return [alert.time, sharers + (low ?? rough), sharers + rough, sharers + (high ?? rough)];
}

function whisker(api, ink) {
  const [x, low] = api.coord([api.value(0), api.value(1)]), middle = api.coord([api.value(0), api.value(2)])[1];
  const high = api.coord([api.value(0), api.value(3)])[1], style = { stroke: ink.levels[2], lineWidth: 2 };
  const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style });
  return { type: "group", children: [line(x, low, x, high), line(x - 5, low, x + 5, low), line(x - 5, high, x + 5, high),
    { type: "circle", shape: { cx: x, cy: middle, r: 3 }, style: { fill: ink.levels[2] } }] };
}

function tooltip({ seriesName, data: one }) {
  if (one?.headline) return `${moment(one.value[0])}\n${one.headline}`;
  const value = one?.value ?? one;
  if (seriesName === "expected sharers") return `${moment(value[0])}\nexpected in total: about ${number(value[2])} sharers\nrange ${number(value[1])} to ${number(value[3])}`;
  return `${moment(value[0])}\n${seriesName} ${seriesName === "score" ? value[1].toFixed(2) : number(value[1])}`;
}

export function graph(place, shape) {
  const nodes = shape.time.map((at, n) => [at, shape.row[n], n]);
  const edges = shape.parent.map((above, n) => [above, n]).filter(([above]) => above >= 0);
  const drawnEdges = (recorded) => edges.filter(([, n]) => Boolean(shape.recorded[n]) === recorded)
    .map(([above, n]) => ({ coords: [[shape.time[above], shape.row[above]], [shape.time[n], shape.row[n]]] }));
  const many = nodes.length > 1500;
  draw(place, (ink) => ({
    animation: false,
    grid: { left: 16, right: 16, top: 40, bottom: 64 },
    legend: { textStyle: { color: ink.ink }, top: 0, data: ["recorded", "inferred"] },
    tooltip: { ...bubble(ink), formatter: ({ data: one }) => one?.length === 3 ? node(shape, one[2]) : "" },
    dataZoom: [{ type: "inside", xAxisIndex: 0, filterMode: "none", ...mainRange(shape.time) }, { type: "inside", yAxisIndex: 0, filterMode: "none" },
      { type: "slider", xAxisIndex: 0, filterMode: "none", height: 18, bottom: 8, ...mainRange(shape.time) }],
    xAxis: time(ink, { min: "dataMin", max: "dataMax" }),
    yAxis: { type: "value", show: false, inverse: true, min: -1, max: (range) => range.max + 1 },
    series: [
      { name: "recorded", type: "lines", coordinateSystem: "cartesian2d", silent: true, color: ink.soft, large: many, data: drawnEdges(true),
        lineStyle: { color: ink.soft, width: 1, opacity: 0.7, curveness: many ? 0 : 0.15 } },
      { name: "inferred", type: "lines", coordinateSystem: "cartesian2d", silent: true, color: ink.soft, large: false, data: drawnEdges(false),
        lineStyle: { color: ink.soft, width: 1, type: "dashed", opacity: 0.8 } },
      { name: "messages", type: "scatter", data: nodes, large: false, progressive: 2000,
        symbolSize: ([, , n]) => Math.min(26, 5 + 2 * Math.sqrt(shape.children[n] + shape.hidden[n])),
        itemStyle: { color: ({ data: one }) => shape.depth[one[2]] ? ink.link : ink.levels[2], borderColor: ink.paper, borderWidth: 0.5 } },
    ],
  }));
}

function node(shape, n) {
  const hidden = shape.hidden[n] ? `\n${number(shape.hidden[n])} later messages are not shown` : "";
  return `${moment(shape.time[n])}\nmessage ${shape.message[n]}, depth ${shape.depth[n]}\n` +
    `${number(shape.children[n])} direct forwards, ${number(shape.descendants[n])} total forwards${hidden}`;
}
