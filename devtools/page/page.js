// Draws what page_data.py has evaluated out of the shipped dashboard. Everything that comes from data is set as text.
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);
const WORDS = {
  en: { other: "中文", dark: "Dark", light: "Light", empty: "No data in the time drawn" },
  zh: { other: "English", dark: "深色", light: "浅色", empty: "所绘时间内无数据" },
};
// Distinct for colour-blind eyes as well (Okabe and Ito).
const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#7A7A7A"];
const SEPARATOR = " · ";
const BYTES = ["B", "KB", "MB", "GB", "TB", "PB"];
const state = {
  language: navigator.language.startsWith("zh") ? "zh" : "en",
  theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
};
// Whatever is asked for in the address wins: #zh, #dark.
for (const wish of location.hash.slice(1).split(",")) {
  if (wish in WORDS) state.language = wish;
  if (["dark", "light"].includes(wish)) state.theme = wish;
}

// A distribution has the same colour in every chart; other lines have that of their place.
const colourOf = new Map();
function colour(name, number) {
  if (!name.includes(SEPARATOR)) return COLOURS[number % COLOURS.length];
  if (!colourOf.has(name)) colourOf.set(name, COLOURS[colourOf.size % COLOURS.length]);
  return colourOf.get(name);
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function formatted(value, unit, precision) {
  if (value === null || value === undefined) return "-";
  const number = (amount, digits) => amount.toLocaleString("en-US", { maximumFractionDigits: digits });
  if (unit[0] === "digital" || unit[0] === "traffic") {
    const step = value > 0 ? Math.min(Math.floor(Math.log(value) / Math.log(1000)), BYTES.length - 1) : 0;
    return `${number(value / 1000 ** Math.max(step, 0), precision)} ${BYTES[Math.max(step, 0)]}${unit[0] === "traffic" ? "/s" : ""}`;
  }
  if (unit[0] === "percent") return `${number(value, precision)} %`;
  if (unit[0] === "time") return value >= 1000 ? `${number(value / 1000, precision)} s` : `${number(value, precision)} ms`;
  const text = number(value, value >= 100 ? 0 : precision);
  return unit[1] ? `${text} ${unit[1]}` : text;
}

function axis(unit) {
  const suffix = { digital: "B", traffic: "B/s", percent: " %", time: " ms" }[unit[0]] || "";
  const format = unit[0] === "percent" || unit[0] === "time" ? "," : "~s";
  return { tickformat: format, ticksuffix: suffix, rangemode: "tozero", fixedrange: true, automargin: true };
}

function layout(more) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const lines = { gridcolor: colour("--edge"), zerolinecolor: colour("--edge"), linecolor: colour("--edge") };
  const { xaxis, yaxis, ...rest } = more;
  return {
    autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("--text"), size: 12, family: getComputedStyle(document.body).fontFamily },
    margin: { l: 8, r: 8, t: 8, b: 8 }, xaxis: { ...lines, ...xaxis }, yaxis: { ...lines, ...yaxis }, ...rest,
  };
}

function plot(place, traces, more) {
  Plotly.newPlot(place, traces, layout(more), { responsive: true, displayModeBar: false, displaylogo: false });
}

function drawLines(place, chart) {
  const traces = chart.lines.map((line, number) => {
    const kept = line.values.map((value, step) => [line.start + step * line.step, value]);
    // A line goes from point to point over what is missing, as the dashboard's setting connectNulls says.
    const shown = chart.connect ? kept.filter(([, value]) => value !== null) : kept;
    return {
      name: line.name, x: shown.map(([time]) => new Date(time * 1000).toISOString()), y: shown.map(([, value]) => value),
      type: chart.bars ? "bar" : "scatter", mode: "lines",
      // The same time before is dotted.
      line: { width: line.before ? 1.5 : 2, dash: line.before ? "dot" : "solid", color: colour(line.name, number) },
      marker: { color: colour(line.name, number) },
      customdata: shown.map(([, value]) => formatted(value, chart.unit, chart.precision)),
      hovertemplate: "%{customdata}<extra>%{fullData.name}</extra>",
    };
  });
  plot(place, traces, {
    barmode: chart.stacked ? "stack" : "group", bargap: 0.1, hovermode: "x unified", showlegend: true,
    legend: { orientation: "h", y: -0.18, x: 0 }, yaxis: axis(chart.unit),
    xaxis: { type: "date", tickformat: "%H:%M", fixedrange: true, automargin: true },
  });
}

// How wide the longest of some texts is, as the page draws its charts.
function widest(texts, size) {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  return Math.max(...texts.map((text) => canvas.measureText(text).width));
}

function drawTop(place, chart) {
  const shown = [...chart.values].reverse();
  const most = shown[shown.length - 1].value || 1;
  const labels = shown.map((it) => formatted(it.value, chart.unit, chart.precision));
  const trace = {
    type: "bar", orientation: "h", x: shown.map((it) => it.value), y: shown.map((it) => it.name),
    text: labels, textposition: "outside", textfont: { size: 11 }, textangle: 0, constraintext: "none",
    cliponaxis: false, hoverinfo: "none",
    marker: { color: shown.map((it, number) => colour(it.name, number)) },
  };
  // On a phone a name takes half the width, on two lines.
  const narrow = place.clientWidth < 400;
  if (narrow) place.style.height = `${Math.max(260, 32 * shown.length)}px`;
  plot(place, [trace], {
    // The longest bar ends where the room for the longest number begins.
    margin: { l: 8, r: Math.ceil(widest(labels, 11)) + 12, t: 8, b: 8 },
    xaxis: { visible: false, fixedrange: true, range: [0, most] },
    yaxis: {
      automargin: true, fixedrange: true, showgrid: false, tickfont: { size: 11 }, tickvals: shown.map((it) => it.name),
      ticktext: shown.map((it) => (narrow ? it.name.replace(SEPARATOR, "<br>") : it.name)),
    },
  });
}

function drawNumber(card, chart) {
  const value = chart.values.length ? chart.values[0].value : null;
  const number = element("div", "number", formatted(value, chart.unit, chart.precision));
  const level = value === null ? undefined : chart.levels.find((it) => value >= Number(it.value[0]));
  if (level) {
    number.classList.add("level");
    number.style.background = level.bgColor;
    number.style.color = level.fontColor;
  } else if (state.theme === "light") {
    number.style.color = chart.colour;
  }
  card.append(number);
}

function drawTable(card, chart) {
  const scroll = element("div", "scroll");
  const table = element("table");
  const row = (cells, tag) => {
    const line = element("tr");
    for (const cell of cells) line.append(element(tag, "", cell));
    table.append(line);
  };
  row(chart.head, "th");
  for (const cells of chart.rows) row(cells, "td");
  scroll.append(table);
  card.append(scroll);
}

function drawNote(card, chart) {
  const note = element("p", "help");
  chart.content.split("`").forEach((part, number) => note.append(number % 2 ? element("code", "", part) : part));
  card.append(note);
}

function isEmpty(chart) {
  return [chart.lines, chart.values, chart.rows].every((it) => it === undefined || it.length === 0);
}

function drawChart(grid, chart) {
  const card = element("section", `chart ${chart.type}`);
  card.id = chart.id;
  card.style.setProperty("--x", chart.place.x + 1);
  card.style.setProperty("--w", chart.place.w);
  card.append(element("h3", "", chart.title));
  if (chart.help) card.append(element("p", "help", chart.help));
  grid.append(card);
  if (chart.type === "text") return drawNote(card, chart);
  if (isEmpty(chart)) return card.append(element("p", "empty", WORDS[state.language].empty));
  if (chart.type === "singlestat") return drawNumber(card, chart);
  if (chart.type === "table") return drawTable(card, chart);
  const place = element("div", "plot");
  card.append(place);
  return chart.type === "toplist" ? drawTop(place, chart) : drawLines(place, chart);
}

// The filters with their values, as they stand above the dashboard, and the time.
function drawAsked(shown) {
  const time = element("span", "", shown.time);
  time.id = "time";
  const filters = shown.variables.map(([name, value]) => {
    const filter = element("span", "filter", name);
    filter.append(element("b", "", value));
    return filter;
  });
  document.getElementById("asked").replaceChildren(...filters, time);
}

function draw() {
  const shown = DATA[state.language];
  const words = WORDS[state.language];
  document.documentElement.lang = state.language;
  document.documentElement.dataset.theme = state.theme;
  document.title = shown.title;
  document.getElementById("title").textContent = shown.title;
  document.getElementById("summary").textContent = shown.summary;
  document.getElementById("origin").textContent = shown.origin;
  drawAsked(shown);
  document.getElementById("language").textContent = words.other;
  document.getElementById("theme").textContent = state.theme === "dark" ? words.light : words.dark;
  const groups = document.getElementById("groups");
  groups.replaceChildren();
  for (const group of shown.groups) {
    const heading = element("h2", "", group.name);
    heading.style.background = group.colour;
    groups.append(heading);
    const grid = element("div", "grid");
    groups.append(grid);
    for (const chart of group.charts) drawChart(grid, chart);
  }
  document.body.dataset.drawn = `${state.language},${state.theme}`;
}

document.getElementById("language").onclick = () => {
  state.language = state.language === "en" ? "zh" : "en";
  draw();
};
document.getElementById("theme").onclick = () => {
  state.theme = state.theme === "dark" ? "light" : "dark";
  draw();
};
draw();
