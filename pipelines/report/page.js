// Filters the page. Amounts are BigInts of minor units and are added up exactly, by the rules of columns.py.
"use strict";

const form = document.getElementById("filters");
const told = document.getElementById("filtered");
const sign = (value) => (value < 0n ? -1n : value > 0n ? 1n : 0n);
const size = (value) => (value < 0n ? -value : value);

function written(cents, decimals) {
  const digits = size(cents).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ",");
  return (cents < 0n ? "-" : "") + whole + (decimals ? "." + digits.slice(-decimals) : "");
}

const signed = (cents, decimals) => (cents > 0n ? "+" : "") + written(cents, decimals);

function percent(change, before) {
  const perMille = sign(change) * ((2000n * size(change) + size(before)) / (2n * size(before)));
  return signed(perMille, 1) + " %";
}

function chosen() {
  const vendors = new Set([...form.querySelectorAll("[name=vendor]:checked")].map((box) => box.value));
  const option = form.elements.account.selectedOptions[0];
  const ofAccount = (vendor, account) =>
    !option.value || (vendor === option.dataset.vendor && account === option.value);
  return {
    has: (vendor, account) => vendors.has(vendor) && ofAccount(vendor, account),
    mayHave: (vendor) => vendors.has(vendor) && (!option.value || vendor === option.dataset.vendor),
    isEverything: !option.value && vendors.size === form.querySelectorAll("[name=vendor]").length,
    text: [...vendors].join(", ") + (option.value ? `, account ${option.value}` : ""),
  };
}

function hideRows(choice) {
  for (const row of document.querySelectorAll("tr[data-vendor]")) {
    const { vendor, account } = row.dataset;
    row.hidden = account === undefined ? !choice.mayHave(vendor) : !choice.has(vendor, account);
  }
  for (const total of document.querySelectorAll("[data-added]")) {
    const cells = total.closest("table").querySelectorAll("tbody tr:not([hidden]) [data-cents]");
    const cents = [...cells].reduce((sum, cell) => sum + BigInt(cell.dataset.cents), 0n);
    total.textContent = written(cents, decimalsOf(total));
  }
}

const decimalsOf = (element) => Number(element.closest(".currency").dataset.decimals);

function fillRow(row, values, decimals) {
  for (const cell of row.querySelectorAll("[data-month]")) {
    const cents = values[cell.dataset.month];
    cell.textContent = written(cents, decimals);
    cell.classList.toggle("zero", cents === 0n && row.closest("tfoot") === null);
  }
  row.querySelector("[data-sum]").textContent = written(values.reduce((a, b) => a + b, 0n), decimals);
}

function fillChanges(table, totals, decimals) {
  for (const [name, text] of [
    ["changes", (now, before) => signed(now - before, decimals)],
    ["percents", (now, before) => (before === 0n ? "–" : percent(now - before, before))],
  ]) {
    for (const cell of table.querySelectorAll(`.${name} [data-month]`)) {
      const month = Number(cell.dataset.month);
      if (month > 0 && !("open" in cell.dataset)) cell.textContent = text(totals[month], totals[month - 1]);
    }
  }
}

function step(highest, lowest, most) {
  for (let power = 1n; ; power *= 10n) {
    for (const candidate of [power, 2n * power, 5n * power]) {
      const lines = (highest + candidate - 1n) / candidate + (candidate - 1n - lowest) / candidate;
      if (lines <= most) return candidate;
    }
  }
}

function drawTicks(svg, top, bottom, by, y, decimals) {
  const width = svg.viewBox.baseVal.width;
  for (const tick of svg.querySelectorAll(".tick")) tick.remove();
  const first = svg.firstElementChild;
  for (let cents = bottom; cents <= top; cents += by) {
    const tick = document.createElementNS(svg.namespaceURI, "g");
    tick.setAttribute("class", cents === 0n ? "tick zero" : "tick");
    const line = document.createElementNS(svg.namespaceURI, "line");
    const attributes = { x1: svg.dataset.left, x2: width, y1: y(cents), y2: y(cents) };
    for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value);
    const text = document.createElementNS(svg.namespaceURI, "text");
    text.setAttribute("x", Number(svg.dataset.left) - 100);
    text.setAttribute("y", y(cents) + 35);
    const amount = written(cents, decimals);
    const none = "." + "0".repeat(decimals);
    text.textContent = decimals && amount.endsWith(none) ? amount.slice(0, -none.length) : amount;
    tick.append(line, text);
    svg.insertBefore(tick, first);
  }
}

function draw(svg, series, decimals) {
  const months = series.length ? series[0].values.map((_, month) => month) : [];
  const sums = (keep) =>
    months.map((month) => series.map((one) => one.values[month]).filter(keep).reduce((a, b) => a + b, 0n));
  const most = (values, better) => values.reduce((a, b) => (better(b, a) ? b : a), 0n);
  let highest = most(sums((value) => value > 0n), (a, b) => a > b);
  const lowest = most(sums((value) => value < 0n), (a, b) => a < b);
  if (highest === lowest) highest = 1n;
  const by = step(highest, lowest, BigInt(svg.dataset.most));
  const top = ((highest + by - 1n) / by) * by;
  const bottom = -(((by - 1n - lowest) / by) * by);
  const margin = Number(svg.dataset.top);
  const plot = BigInt(svg.viewBox.baseVal.height - margin - Number(svg.dataset.bottom));
  const y = (cents) => margin + Number(((top - cents) * plot) / (top - bottom));
  const above = months.map(() => 0n);
  const below = months.map(() => 0n);
  for (const part of svg.querySelectorAll("rect")) {
    const { month } = part.dataset;
    const { key, values } = series[part.dataset.series];
    const cents = values[month];
    const start = cents >= 0n ? above[month] : below[month] + cents;
    const end = cents >= 0n ? above[month] + cents : below[month];
    if (cents >= 0n) above[month] = end;
    else below[month] = start;
    part.setAttribute("y", y(end));
    part.setAttribute("height", y(start) - y(end));
    const title = part.querySelector("title");
    title.textContent = `${title.textContent.split(",")[0]}, ${key}: ${written(cents, decimals)}`;
  }
  for (const label of svg.querySelectorAll(".sum")) {
    const { month } = label.dataset;
    label.setAttribute("y", y(above[month]) - 60);
    label.textContent = written(above[month] + below[month], decimals);
  }
  drawTicks(svg, top, bottom, by, y, decimals);
}

function addUp(section, choice) {
  const decimals = Number(section.dataset.decimals);
  const facts = JSON.parse(section.querySelector(".facts").textContent).filter(([, vendor, account]) =>
    choice.has(vendor, account));
  for (const body of section.querySelectorAll(".breakdown")) {
    const { dimension } = body.dataset;
    const rows = [...body.rows];
    const count = body.closest("table").querySelectorAll(".totals [data-month]").length;
    const none = () => Array(count).fill(0n);
    const keyOf = { vendor: (f) => f[1], account: (f) => f[1] + "\n" + f[2], category: (f) => f[3] }[dimension];
    const keyOfRow = ({ dataset }) =>
      dimension === "account" ? dataset.vendor + "\n" + dataset.account : dataset.key;
    const series = rows.map((row) => ({ key: row.dataset.key, values: none() }));
    const byKey = new Map(rows.map((row, index) => [keyOfRow(row), series[index].values]));
    const totals = none();
    for (const fact of facts) {
      byKey.get(keyOf(fact))[fact[0]] += BigInt(fact[4]);
      totals[fact[0]] += BigInt(fact[4]);
    }
    rows.forEach((row, index) => fillRow(row, series[index].values, decimals));
    fillRow(body.closest("table").querySelector(".totals"), totals, decimals);
    fillChanges(body.closest("table"), totals, decimals);
    const svg = section.querySelector(`.chart[data-dimension=${dimension}] svg`);
    if (svg) draw(svg, series, decimals);
    for (const tile of section.querySelectorAll(".tiles [data-month]")) {
      tile.textContent = written(totals[tile.dataset.month], decimals);
    }
    for (const tile of section.querySelectorAll(".tiles [data-change]")) {
      const month = Number(tile.dataset.change);
      tile.textContent = signed(totals[month] - totals[month - 1], decimals);
    }
  }
  for (const tile of section.querySelectorAll(".overall")) tile.hidden = !choice.isEverything;
}

function filter() {
  const choice = chosen();
  hideRows(choice);
  for (const section of document.querySelectorAll(".currency")) addUp(section, choice);
  told.textContent = choice.isEverything ? "" : `Shown: ${choice.text || "no vendor"}`;
}

// The newest months are at the right of a chart.
for (const chart of document.querySelectorAll(".chart")) chart.scrollLeft = chart.scrollWidth;
form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("reset", () => setTimeout(filter));
