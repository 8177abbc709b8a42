import * as echarts from "echarts";
import { ARTICLE, type Figures } from "./article.ts";

const WIDTH = 960;
const HEIGHT = 860;
/** Where bars, title and legend begin: right of the names of the ways. */
const LEFT = 240;
const TEXT = "#222222";

/** Whose figures are drawn, the first on top; colours that people with any colour vision tell apart. */
const SERIES = [
  { key: "unseen", name: "Sandglass", color: "#0072b2" },
  { key: "snapshot", name: "Sandglass, from a snapshot made at run time", color: "#56b4e9" },
  { key: "peer", name: "quickjs-wasi, restored (first row: a new instance)", color: "#e69f00" },
  { key: "published", name: "The article's own figures, on another machine", color: "#999999" },
] as const;

/** Draws the article's ways as horizontal bars, as SVG. */
export function drawArticle(figures: readonly Figures[]): string {
  const all = figures.flatMap((figure) => SERIES.map(({ key }) => figure[key] ?? Infinity));
  // A logarithmic axis has no zero that bars could start from.
  const least = 10 ** Math.floor(Math.log10(Math.min(...all)));
  // Without a document there is nothing to draw in but a string.
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "sans-serif" },
    title: {
      text: "The length of a GPS track of 260 points, by what is in the image",
      subtext: "One run in a fresh world, of a text that was not run before.\n" +
        `The article: “${ARTICLE.title}”; ${ARTICLE.machine}.`,
      left: LEFT,
      top: 20,
      padding: 0,
      textStyle: { fontSize: 18, color: TEXT },
      subtextStyle: { fontSize: 13, lineHeight: 20, color: TEXT },
    },
    // One below the other, as nobody knows how wide a reader's font is.
    legend: {
      orient: "vertical",
      left: LEFT,
      top: 100,
      padding: 0,
      itemWidth: 16,
      itemHeight: 12,
      selectedMode: false,
      textStyle: { fontSize: 13, color: TEXT },
    },
    grid: { left: LEFT, right: 72, top: 204, bottom: 64 },
    xAxis: {
      type: "log",
      min: least,
      startValue: least,
      name: "milliseconds (logarithmic)",
      nameLocation: "middle",
      nameGap: 32,
      nameTextStyle: { fontSize: 13, color: TEXT },
      axisLabel: { fontSize: 13, color: TEXT },
      minorTick: { show: true, splitNumber: 9 },
      splitLine: { lineStyle: { color: "#dddddd" } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: figures.map(({ name }) => name),
      axisTick: { show: false },
      axisLabel: { fontSize: 13, color: TEXT },
    },
    series: SERIES.map(({ key, name, color }) => ({
      type: "bar",
      name,
      silent: true,
      itemStyle: { color },
      barGap: "10%",
      barCategoryGap: "28%",
      label: { show: true, position: "right", fontSize: 12, color: TEXT },
      data: figures.map((figure) => barOf(figure[key])),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

/** A bar, or the lack of one. */
function barOf(milliseconds: number | undefined) {
  return milliseconds === undefined ? "-" : Number(milliseconds.toPrecision(3));
}
