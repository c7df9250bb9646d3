/** Stacked bars, drawn as SVG: few enough that each can be read. */
import type { VNode } from 'preact';
import { number } from '../format.js';

export interface StackedBar {
  readonly label: string;
  readonly parts: readonly { readonly tone: string; readonly name: string; readonly value: number }[];
}

const HEIGHT = 120;
const STEP = 40;
const WIDTH = 28;

export function Bars({ label, bars }: { label: string; bars: readonly StackedBar[] }): VNode {
  const most = Math.max(1, ...bars.map(sumOf));
  return (
    <figure class="bars">
      <svg viewBox={`-12 0 ${bars.length * STEP + 24} ${HEIGHT + 22}`} role="img" aria-label={label}>
        {bars.map((bar, at) => (
          <Column key={bar.label + String(at)} bar={bar} x={at * STEP + (STEP - WIDTH) / 2} most={most} at={at} />
        ))}
      </svg>
      <figcaption class="row small">
        {bars[0]?.parts.map(({ tone, name }) => (
          <span key={name} class="legend" data-tone={tone}>
            {name}
          </span>
        ))}
        <span class="muted">at most {number(most)} in an hour</span>
      </figcaption>
    </figure>
  );
}

const sumOf = ({ parts }: StackedBar): number => parts.reduce((sum, { value }) => sum + value, 0);

function Column({ bar, x, most, at }: { bar: StackedBar; x: number; most: number; at: number }): VNode {
  let y = HEIGHT;
  const text = `${bar.label}: ${bar.parts.map(({ name, value }) => `${number(value)} ${name}`).join(', ')}`;
  return (
    <g>
      <title>{text}</title>
      <rect class="bar-base" x={x} y={HEIGHT - 1} width={WIDTH} height={1} />
      {bar.parts.map(({ tone, name, value }) => {
        const height = (value / most) * (HEIGHT - 4);
        y -= height;
        return <rect key={name} class="bar-part" data-tone={tone} x={x} y={y} width={WIDTH} height={height} rx={1} />;
      })}
      {at % 3 === 0 && (
        <text class={at % 6 === 0 ? '' : 'wide-only'} x={x + WIDTH / 2} y={HEIGHT + 16} text-anchor="middle">
          {bar.label}
        </text>
      )}
    </g>
  );
}
