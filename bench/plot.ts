/** Line charts as SVG, one below the other, for the docs: no package, and the same input gives the same bytes. */

export interface Axis {
  readonly label: string;
  /** Powers of ten at equal distances. Values of 0 and less are then left out. */
  readonly log?: boolean;
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** A range of values and where the lines of the grid are. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
}

const [WIDTH, HEIGHT] = [760, 300];
const MARGIN = { top: 58, right: 24, bottom: 48, left: 72 };
/** Told apart by people with any kind of color vision. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999999'];
/** More points than these are a line without dots. */
const DOTTED = 24;
const LETTER = 6.6;

export function svg(plots: readonly Plot[]): string {
  const height = HEIGHT * plots.length;
  const panels = plots.map((plot, n) => `<g transform="translate(0 ${n * HEIGHT})">\n${panel(plot)}\n</g>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(plots.map(({ title }) => title).join('; '))}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function panel({ title, x, y, series }: Plot): string {
  const drawn = series.map((one) => ({ ...one, points: one.points.filter(([a, b]) => shown(a, x) && shown(b, y)) }));
  const points = drawn.flatMap((one) => one.points);
  const across = scale(
    points.map(([a]) => a),
    x,
  );
  const up = scale(
    points.map(([, b]) => b),
    y,
  );
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  const atX = (value: number): number => round(left + share(value, across, x) * (right - left));
  const atY = (value: number): number => round(bottom - share(value, up, y) * (bottom - top));
  const grid = [
    ...up.ticks.map(
      (tick) =>
        `<path d="M${left} ${atY(tick)}H${right}" stroke="#dddddd"/><text x="${left - 8}" y="${atY(tick) + 4}" text-anchor="end">${short(tick)}</text>`,
    ),
    ...across.ticks.map(
      (tick) =>
        `<path d="M${atX(tick)} ${top}V${bottom}" stroke="#eeeeee"/><text x="${atX(tick)}" y="${bottom + 18}" text-anchor="middle">${short(tick)}</text>`,
    ),
  ];
  const lines = drawn.flatMap(({ points: own }, n) => {
    const color = COLORS[n % COLORS.length] as string;
    const path = own.map(([a, b]) => `${atX(a)} ${atY(b)}`).join('L');
    const dots =
      own.length > DOTTED ? [] : own.map(([a, b]) => `<circle cx="${atX(a)}" cy="${atY(b)}" r="3.5" fill="${color}"/>`);
    return [`<path d="M${path}" fill="none" stroke="${color}" stroke-width="1.8"/>`, ...dots];
  });
  return [
    `<text x="${left}" y="20" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    ...legend(
      drawn.map(({ name }) => name),
      left,
    ),
    ...grid,
    `<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#333333"/>`,
    `<text x="${(left + right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(x.label)}</text>`,
    `<text transform="translate(16 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>`,
    ...lines,
  ].join('\n');
}

function legend(names: readonly string[], left: number): string[] {
  let at = left;
  return names.map((name, n) => {
    const color = COLORS[n % COLORS.length] as string;
    const here = round(at);
    at += 34 + name.length * LETTER;
    return `<path d="M${here} 40h16" stroke="${color}" stroke-width="3"/><text x="${here + 21}" y="44">${escaped(name)}</text>`;
  });
}

/** From round value to round value around what there is. A linear axis begins at 0 unless values are below it. */
export function scale(values: readonly number[], { log = false }: Axis): Scale {
  const [least, most] = [minimum(values), maximum(values)];
  if (log) {
    const from = Math.floor(Math.log10(values.length === 0 ? 1 : least));
    const to = Math.max(from + 1, Math.ceil(Math.log10(values.length === 0 ? 1 : most)));
    return { from: 10 ** from, to: 10 ** to, ticks: Array.from({ length: to - from + 1 }, (_, n) => 10 ** (from + n)) };
  }
  const [low, high] =
    values.length === 0 ? [0, 1] : [Math.min(0, least), most > least || most > 0 ? Math.max(0, most) : 1];
  const step = roundStep((high - low) / 5);
  const from = Math.floor(low / step) * step;
  const count = Math.ceil(round((high - from) / step));
  const ticks = Array.from({ length: count + 1 }, (_, n) => Number((from + n * step).toPrecision(12)));
  return { from, to: ticks.at(-1) as number, ticks };
}

function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 2.5, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

function share(value: number, { from, to }: Scale, { log = false }: Axis): number {
  return log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
}

function shown(value: number, { log = false }: Axis): boolean {
  return Number.isFinite(value) && (!log || value > 0);
}

/** `10k` for ten thousand. */
export function short(value: number): string {
  const [factor, letter] = Math.abs(value) >= 1e6 ? [1e6, 'M'] : Math.abs(value) >= 1e4 ? [1e3, 'k'] : [1, ''];
  return `${Number((value / factor).toPrecision(6))}${letter}`;
}

function minimum(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function maximum(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
