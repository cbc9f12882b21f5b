/** What Python writes into the page; numbers stand in the unit that their column shows. */
export interface Sentence {
  title: string;
  text: string;
}
export interface Series {
  name: string;
  values: (number | null)[];
}
export interface Column {
  name: string;
  unit: string;
  type: "text" | "number" | "count" | "week" | "flag";
  meaning: string;
}
export type Cell = string | number | boolean | null;
export interface TableData {
  meaning: string;
  columns: Column[];
  rows: Cell[][];
  cut: number;
}
export interface Finding {
  rule: string;
  subject: string;
  outcome: "passed" | "failed" | "not modelled";
  value: string;
  limit: string;
  severity: "error" | "warning" | "note";
  standing: string;
  source: string;
  text: string;
}
export interface Headline {
  name: string;
  value: string;
  definition: string;
}
/** Value, why, and what stands below: names to look up again, or leaves [name, value, why]. */
export type Reason = [string, string, (string | [string, string, string])[]];
export interface Lane {
  generation: string;
  name: string;
  bars: { kind: "samples" | "window" | "built"; from: number; until: number; label: string }[];
  marks: { kind: "verdict" | "gate" | "first" | "last"; at: number; label: string }[];
}
export interface Generation {
  key: string;
  name: string;
  pictures: { title: string; svg: string }[];
  headlines: Headline[];
  findings: Finding[];
  tables: string[];
}
export interface Source {
  id: string;
  title: string;
  place: string;
  uses: number;
}
export interface Report {
  meta: {
    program: string;
    version: string;
    sha256: string;
    weeks: string[];
    price_year: number;
    seed: number;
    solver: string;
    status: string;
    gap: string;
    boundary: string;
  };
  story: Sentence[];
  timeline: Lane[];
  deliveries: { required: Series[]; live: Series[]; late: Series[]; reconciliation: string } | null;
  build: Series[] | null;
  plants: { rows: string[]; load: (number | null)[][] } | null;
  power: { sites: Series[]; energised: number[]; target: number } | null;
  money: { years: string[]; categories: Series[]; plan: Series[]; total: string } | null;
  option: { windows: string[]; boundary: (number | null)[]; probability: (number | null)[]; sentences: string[] } | null;
  generations: Generation[];
  headlines: Headline[];
  findings: Finding[];
  reasons: Record<string, Reason>;
  tables: Record<string, TableData>;
  statuses: { status: string; count: number }[];
  assumed: { path: string; text: string; note: string; place: string }[];
  sources: Source[];
}

function read(): Report | null {
  const block = document.getElementById("rackwright-data");
  const report = JSON.parse(block?.textContent || "{}") as Partial<Report>;
  return report.meta ? (report as Report) : null;
}

export const report = read();

/** Three significant figures, thousands grouped. */
export function figures(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "";
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size >= 15 || size < -4) return value.toExponential(2);
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString("en-US", { maximumFractionDigits: Math.max(0, 2 - size) });
}
