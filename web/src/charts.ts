import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { figures, report, type Series } from "./data";

echarts.use([BarChart, HeatmapChart, LineChart, AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

export { echarts };
export type Option = echarts.EChartsCoreOption;

export interface Ink {
  text: string;
  quiet: string;
  line: string;
  paper: string;
  alarm: string;
  hues: string[];
}

/** The colours of the page as it is drawn now. */
export function ink(): Ink {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: colour("--text"),
    quiet: colour("--quiet"),
    line: colour("--line"),
    paper: colour("--paper"),
    alarm: colour("--alarm"),
    hues: [1, 2, 3, 4, 5, 6, 7, 8].map((number) => colour(`--hue-${number}`)),
  };
}

const generations = (report?.timeline ?? []).map((lane) => lane.generation);

/** A generation keeps its colour in every chart; anything else takes its turn. */
function hue(pen: Ink, name: string, turn: number): string {
  const place = generations.indexOf(name.replace(/ (needed|live)$/, ""));
  return pen.hues[(place >= 0 ? place : turn) % pen.hues.length];
}

function base(pen: Ink, unit: string): Option {
  return {
    animation: false,
    textStyle: { fontFamily: "inherit", color: pen.text },
    color: pen.hues,
    grid: { left: 8, right: 16, top: 44, bottom: 40, containLabel: true },
    legend: { type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4, textStyle: { color: pen.text }, pageTextStyle: { color: pen.text }, inactiveColor: pen.quiet },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: pen.paper,
      borderColor: pen.line,
      textStyle: { color: pen.text },
      valueFormatter: (value: unknown) => (typeof value === "number" ? `${figures(value)} ${unit}` : "none"),
    },
    aria: { enabled: true },
  };
}

function axes(pen: Ink, labels: string[], unit: string): Option {
  const label = { color: pen.quiet };
  return {
    xAxis: { type: "category", data: labels, axisLabel: { ...label, hideOverlap: true }, axisLine: { lineStyle: { color: pen.line } }, axisTick: { show: false } },
    yAxis: {
      type: "value",
      name: unit,
      nameTextStyle: { color: pen.quiet, align: "left" },
      nameGap: 10,
      axisLabel: { ...label, formatter: (value: number) => figures(value) },
      splitLine: { lineStyle: { color: pen.line } },
    },
  };
}

/** Lines over weeks; dashed ones are what is needed or allowed. */
export function lines(pen: Ink, labels: string[], unit: string, solid: Series[], dashed: Series[], level?: { at: number; label: string }, stacked = false): Option {
  const series = [
    ...solid.map((item, number) => ({
      name: item.name,
      type: "line",
      data: item.values,
      symbol: "none",
      lineStyle: { width: 2 },
      color: hue(pen, item.name, number),
      ...(stacked ? { stack: "all", areaStyle: { opacity: 0.35 } } : {}),
      ...(number === 0 && level
        ? {
            markLine: {
              silent: true,
              symbol: "none",
              lineStyle: { color: pen.alarm, type: "dotted" },
              label: { formatter: level.label, color: pen.text, position: "insideStartTop" },
              data: [{ yAxis: level.at }],
            },
          }
        : {}),
    })),
    ...dashed.map((item, number) => ({
      name: item.name,
      type: "line",
      data: item.values,
      symbol: "none",
      lineStyle: { width: 1.5, type: "dashed" },
      color: dashed.length === 1 ? pen.text : hue(pen, item.name, number),
    })),
  ];
  return { ...base(pen, unit), ...axes(pen, labels, unit), series };
}

export function bars(pen: Ink, labels: string[], unit: string, stacks: Series[], line?: Series): Option {
  const series: unknown[] = stacks.map((item, number) => ({
    name: item.name,
    type: "bar",
    stack: "all",
    data: item.values,
    color: hue(pen, item.name, number),
  }));
  if (line) series.push({ name: line.name, type: "line", data: line.values, symbol: "circle", lineStyle: { type: "dashed" }, color: pen.text });
  return { ...base(pen, unit), ...axes(pen, labels, unit), series };
}

export function heat(pen: Ink, labels: string[], rows: string[], load: (number | null)[][]): Option {
  const data: [number, number, number][] = [];
  load.forEach((row, y) => row.forEach((value, x) => value !== null && data.push([x, y, Math.round(value * 1000) / 10])));
  return {
    ...base(pen, "%"),
    legend: { show: false },
    grid: { left: 8, right: 16, top: 8, bottom: 64, containLabel: true },
    tooltip: {
      confine: true,
      backgroundColor: pen.paper,
      borderColor: pen.line,
      textStyle: { color: pen.text },
      formatter: (item: { data: [number, number, number] }) => `${rows[item.data[1]]}, ${labels[item.data[0]]}: ${item.data[2]} %`.replaceAll("<", "&lt;"),
    },
    xAxis: { type: "category", data: labels, axisLabel: { color: pen.quiet, hideOverlap: true }, axisTick: { show: false } },
    yAxis: { type: "category", data: rows, inverse: true, axisLabel: { color: pen.text, fontSize: 11, interval: 0, width: 170, overflow: "truncate" }, axisTick: { show: false } },
    visualMap: {
      min: 0,
      max: 100,
      calculable: false,
      orient: "horizontal",
      left: "center",
      bottom: 0,
      text: ["100 % used", "0"],
      textStyle: { color: pen.quiet },
      inRange: { color: [pen.paper, pen.hues[0], pen.alarm] },
    },
    series: [{ type: "heatmap", data, progressive: 0 }],
  };
}
