/** A curve over time, drawn by uPlot in the colors of the page. */
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';

export interface Point {
  /** Seconds since 1970. */
  readonly at: number;
  readonly value: number | null;
}

interface CurveProps {
  readonly label: string;
  readonly points: readonly Point[];
  readonly format: (value: number) => string;
  /** The value holds until the next point. */
  readonly isStepped?: boolean;
}

const HEIGHT = 180;
/** Two points a second apart are no reason to show milliseconds. */
const SHORTEST_SECONDS = 60;
/** Events and cents are whole. */
const WHOLE_STEPS = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const DAY_SECONDS = 86_400;

/** Times of one day by the clock, others by their date. */
function labelOf(at: readonly number[]): (second: number) => string {
  const format = (at[at.length - 1] ?? 0) - (at[0] ?? 0) < DAY_SECONDS ? CLOCK : DAY;
  return (second) => format.format(second * 1_000);
}

export function Curve({ label, points, format, isStepped }: CurveProps): VNode {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const data: UPlot.AlignedData = [points.map(({ at }) => at), points.map(({ value }) => value)];
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const colors = getComputedStyle(element);
    const axis = { stroke: colors.getPropertyValue('color'), grid: { stroke: lineColor(element), width: 1 } };
    const drawn = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false },
        scales: {
          x: { range: (_self, low, high) => [Math.min(low, high - SHORTEST_SECONDS), high] },
          y: { range: (_self, low, high) => [Math.min(0, low), high === 0 ? 1 : high * 1.1] },
        },
        axes: [
          { ...axis, ticks: axis.grid, space: 90, values: (_self, at) => at.map(labelOf(at)) },
          { ...axis, ticks: axis.grid, size: 84, incrs: WHOLE_STEPS, values: (_self, values) => values.map(format) },
        ],
        series: [
          {},
          {
            label,
            stroke: colors.getPropertyValue('outline-color'),
            width: 2,
            points: { show: points.length < 40 },
            ...(isStepped && UPlot.paths.stepped && { paths: UPlot.paths.stepped({ align: 1 }) }),
          },
        ],
      },
      data,
      element,
    );
    plot.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(data), [points]);
  return <div class="curve" ref={frame} role="img" aria-label={label} />;
}

/** A canvas can't name a custom property: an element's border has its color. */
const lineColor = (element: HTMLElement): string => getComputedStyle(element).borderTopColor;
