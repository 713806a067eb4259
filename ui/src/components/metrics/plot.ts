import "../../language";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { MetricsView } from "../../bindings/MetricsView";
import { clockTime } from "../../time";

/** How a chart is drawn, besides its numbers. */
export interface PlotOptions {
  /** An IANA time zone. */
  zone: string;
  /** A phase's short name, by its wire name. */
  label: (wire: string) => string;
  /** Called with the index of the bucket under the pointer, and with null when it leaves. */
  point: (index: number | null) => void;
}

/** Heights in multiples of the font size, so that the chart grows with the reader's text. */
const HEIGHT_EM = 17;
const DARK = "(prefers-color-scheme: dark)";
/** Whole numbers only: there is no half a request. */
const STEPS = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));

/** Draws requests, errors and p95 on one time axis into `node`. Returns what takes the chart away again. */
export function plot(node: HTMLElement, metrics: MetricsView, options: PlotOptions): () => void {
  let chart = draw(node, metrics, options);

  const resized = new ResizeObserver(() => chart.setSize(sizeOf(node)));
  resized.observe(node);
  const dark = matchMedia(DARK);
  const recolour = () => {
    chart.destroy();
    chart = draw(node, metrics, options);
  };
  dark.addEventListener("change", recolour);

  return () => {
    dark.removeEventListener("change", recolour);
    resized.disconnect();
    chart.destroy();
  };
}

function draw(node: HTMLElement, metrics: MetricsView, { zone, label, point }: PlotOptions): uPlot {
  const colour = coloursOf(node);
  const em = fontSizeOf(node);
  const { series, moves, fromMs, capturedAtMs } = metrics;
  const axis: uPlot.Axis = {
    stroke: colour("--text-quiet"),
    font: `${em * 0.857}px system-ui, sans-serif`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.85, 28], align: 1, gap: 1 });
  const fromZero: uPlot.Range.Function = (_chart, _min, max) => [0, Math.max(1, max * 1.15)];

  return new uPlot(
    {
      ...sizeOf(node),
      ms: 1,
      tzDate: (ms) => uPlot.tzDate(new Date(ms), zone),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false },
      padding: [em * 1.4, em * 0.5, 0, em * 0.5],
      scales: {
        x: { time: true, range: [fromMs, capturedAtMs] },
        count: { range: fromZero },
        ms: { range: fromZero },
      },
      axes: [
        {
          ...axis,
          space: em * 5,
          size: em * 2,
          values: (_chart, times) => times.map((ms) => clockTime(ms, zone)),
        },
        { ...axis, scale: "count", size: em * 3.2, incrs: STEPS },
        {
          ...axis,
          scale: "ms",
          side: 1,
          size: em * 4.5,
          grid: { show: false },
          values: (_chart, values) => values.map((ms) => `${ms} ms`),
        },
      ],
      series: [
        {},
        {
          scale: "count",
          stroke: colour("--accent"),
          fill: colour("--accent-edge"),
          width: 1,
          ...(bars && { paths: bars }),
          points: { show: false },
        },
        {
          scale: "count",
          stroke: colour("--bad"),
          fill: colour("--bad"),
          width: 1,
          ...(bars && { paths: bars }),
          points: { show: false },
        },
        { scale: "ms", stroke: colour("--text"), width: 1.5, dash: [6, 3] },
      ],
      hooks: {
        draw: [(chart) => drawMoves(chart, moves, label, colour("--text"), em)],
        setCursor: [(chart) => point(chart.cursor.idx ?? null)],
      },
    },
    [
      series.map((each) => each.atMs),
      series.map((each) => someOf(each.requests)),
      series.map((each) => someOf(each.errors)),
      series.map((each) => each.p95Ms),
    ],
    node,
  );
}

/** A vertical line at each phase change, with the phase it went to above it. */
function drawMoves(
  chart: uPlot,
  moves: MetricsView["moves"],
  label: PlotOptions["label"],
  colour: string,
  em: number,
): void {
  const { ctx, bbox } = chart;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = 1.5 * ratio;
  // The dashes of p95, drawn before, would stay.
  ctx.setLineDash([]);
  ctx.font = `600 ${em * 0.857 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "bottom";
  for (const { atMs, to } of moves) {
    const x = Math.round(chart.valToPos(atMs, "x", true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // Near the right edge the words stand on the other side of the line.
    const width = ctx.measureText(label(to)).width;
    ctx.textAlign = x + width > bbox.left + bbox.width ? "end" : "start";
    ctx.fillText(label(to), x, bbox.top - 2 * ratio);
  }
  ctx.restore();
}

/** Nothing is not drawn: a bar without height would still have its outline. */
function someOf(count: number): number | null {
  return count === 0 ? null : count;
}

function sizeOf(node: HTMLElement): { width: number; height: number } {
  return { width: node.clientWidth, height: Math.round(fontSizeOf(node) * HEIGHT_EM) };
}

function fontSizeOf(node: HTMLElement): number {
  return parseFloat(getComputedStyle(node).fontSize);
}

/** Reads role tokens as a canvas needs them: resolved for the theme that is on. */
function coloursOf(node: HTMLElement): (token: string) => string {
  return (token) => {
    node.style.color = `var(${token})`;
    const { color } = getComputedStyle(node);
    node.style.color = "";
    return color;
  };
}
