// Takes the times in wasm and prints all figures of `make bench`: node scripts/bench.mjs TARGET/tmp
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const folder = path.resolve(process.argv[2]);
const memory = JSON.parse(readFileSync(path.join(folder, "memory.json"), "utf8"));
const sizes = memory.map((one) => one.nodes);

// Highest ratio to parsing, where there is a target.
const measures = [
  { name: "parse", label: "parse with serde_json" },
  { name: "file", label: "parse as a file" },
  { name: "rules", label: "all rules", target: 1 },
  { name: "plan", label: "plan of 500 edits", target: 1 },
  { name: "what-if", label: "what-if of every node", target: 2 },
  { name: "news", label: "another's edit, three waiting", target: 1 },
  { name: "edit", label: "an edit in the editor", target: 0.1 },
];
const MEMORY_TARGET = 3;
// How much faster than the number of nodes a time may grow and still count as linear.
const GROWTH_TARGET = 1.3;

/** Milliseconds, or undefined where it was not measured. */
function native(name, nodes) {
  const file = path.join(folder, "speed", `${name}-${nodes}`, "new", "estimates.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).median.point_estimate / 1e6 : undefined;
}

/** Median milliseconds of calls that take about a second together, at least five, once Node has optimised them. */
function inWasm(bench, method) {
  if (typeof bench[method] !== "function") return undefined;
  const once = () => {
    const from = performance.now();
    bench[method]();
    const time = performance.now() - from;
    bench.forget();
    return time;
  };
  const times = [];
  const began = performance.now();
  while (performance.now() - began < 1000) once();
  while (times.length < 5 || (performance.now() - began < 2000 && times.length < 200)) times.push(once());
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)];
}

const digits = (number) => number.toLocaleString("en-GB");
const ms = (time) => `${time.toFixed(time < 10 ? 2 : 1)} ms`;

function verdict(value, target) {
  if (target === undefined) return "";
  return value < target ? `under ${target.toFixed(1)}` : `missed by ${(value - target).toFixed(2)} (target ${target.toFixed(1)})`;
}

function table(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const isText = (column) => column === 0 || column === head.length - 1;
  const line = (row) => row.map((cell, column) => (isText(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  ");
  console.log([line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].map((text) => `  ${text.trimEnd()}`).join("\n"));
}

console.log("\nNative: time, ratio to parsing the same topology from JSON with serde_json, and growth (the time's growth over the nodes')");
table(
  ["", "nodes", "time", "to parse", "growth", "target"],
  measures.flatMap(({ name, label, target }) =>
    sizes.flatMap((nodes, index) => {
      const time = native(name, nodes);
      if (time === undefined) return [];
      const ratio = time / native("parse", nodes);
      const before = index > 0 ? native(name, sizes[index - 1]) : undefined;
      const growth = before && time / before / (nodes / sizes[index - 1]);
      const told = [verdict(ratio, target)];
      if (target !== undefined && growth >= GROWTH_TARGET) told.push(`growth missed by ${(growth - GROWTH_TARGET).toFixed(2)} (target ${GROWTH_TARGET})`);
      return [[label, digits(nodes), ms(time), ratio.toFixed(2), growth ? growth.toFixed(2) : "", told.filter(Boolean).join("; ")]];
    }),
  ),
);

console.log("\nMemory: peak heap of topology, findings and plan, over the JSON's size (no space in it)");
const mebibytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
table(
  ["nodes", "JSON", "topology", "peak", "topology to JSON", "peak to JSON", "target"],
  memory.map(({ nodes, json, topology, peak }) => {
    const ratio = peak / json;
    return [digits(nodes), mebibytes(json), mebibytes(topology), mebibytes(peak), (topology / json).toFixed(2), ratio.toFixed(2), verdict(ratio, MEMORY_TARGET)];
  }),
);

console.log(`\nWasm in Node ${process.version}: time, ratio to native, and ratio to parsing in wasm`);
const { Bench } = createRequire(import.meta.url)(path.join(folder, "bench-wasm", "bench.js"));
table(
  ["", "nodes", "time", "to native", "to parse", "target"],
  sizes.flatMap((nodes) => {
    const bench = new Bench(nodes);
    const parse = inWasm(bench, "parse");
    const rows = measures.flatMap(({ name, label, target }) => {
      const time = name === "parse" ? parse : inWasm(bench, name.replace("-", "_"));
      const compared = native(name, nodes);
      if (time === undefined || compared === undefined) return [];
      return [[label, digits(nodes), ms(time), (time / compared).toFixed(1), (time / parse).toFixed(2), verdict(time / parse, target)]];
    });
    bench.free();
    return rows;
  }),
);
