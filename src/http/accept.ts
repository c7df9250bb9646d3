import type { FastifyReply, FastifyRequest } from 'fastify';
import { listElements } from './header-list.js';
import { Problem } from './problem.js';

/** @throws Problem not-acceptable when the caller wants none of the route's media types */
export function requireAcceptable(request: FastifyRequest): void {
  const { accept } = request.headers;
  if (accept === undefined || accept === '*/*') return;
  const { produces } = request.routeOptions.config;
  if (!produces || produces.includes(accept)) return;
  const ranges = listElements(accept).map(weighted);
  // A header that names nothing is as good as none.
  if (ranges.length > 0 && !produces.some((mediaType) => weightOf(mediaType, ranges) > 0)) {
    throw new Problem('not-acceptable', `This route answers with ${produces.join(' or ')}.`);
  }
}

/** Whether the caller asks for server-sent events, and likes no other form of the answer better. */
export function prefersEvents(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const ranges = listElements(accept).map(weighted);
  const events = weightOf(
    'text/event-stream',
    ranges.filter(({ range }) => range !== '*/*'),
  );
  return events > 0 && events >= weightOf('application/json', ranges);
}

/** Whether the caller takes gzip, and does not like the plain form better. */
export function prefersGzip(acceptEncoding: string | string[] | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  const elements = listElements(String(acceptEncoding)).map(weighted);
  const own = elements.find(({ range }) => range === 'gzip' || range === 'x-gzip');
  const { weight } = own ?? elements.find(({ range }) => range === '*') ?? { weight: 0 };
  const identity = elements.find(({ range }) => range === 'identity')?.weight ?? 0;
  return weight > 0 && weight >= identity;
}

/** The media type that a caller likes best; of those that it likes as well as others the one that it names, then the first. */
export function preferredOf<Type extends string>(
  accept: string | undefined,
  offered: readonly [Type, ...Type[]],
): Type {
  if (accept === undefined) return offered[0];
  const ranges = listElements(accept).map(weighted);
  const named = (type: Type): number => (ranges.some(({ range }) => range === type) ? 1 : 0);
  const [best] = [...offered].sort((a, b) => weightOf(b, ranges) - weightOf(a, ranges) || named(b) - named(a));
  return best ?? offered[0];
}

/** Where pages of other origins may call, the answer varies with the origin already. */
export function varyByEncoding(reply: Pick<FastifyReply, 'getHeader' | 'header'>): void {
  reply.header('vary', [reply.getHeader('vary'), 'accept-encoding'].filter((one) => one !== undefined).join(', '));
}

interface Weighted {
  readonly range: string;
  readonly weight: number;
}

/** The weight of the most specific range that holds the media type; 0 for none. */
function weightOf(mediaType: string, ranges: readonly Weighted[]): number {
  const type = mediaType.slice(0, mediaType.indexOf('/'));
  for (const wanted of [mediaType, `${type}/*`, '*/*']) {
    const weights = ranges.filter(({ range }) => range === wanted).map(({ weight }) => weight);
    if (weights.length > 0) return Math.max(...weights);
  }
  return 0;
}

function weighted(element: string): Weighted {
  const [range = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const weight = quality === undefined ? 1 : Number(quality.replace(/^q\s*=\s*/, ''));
  return { range, weight: Number.isFinite(weight) ? weight : 0 };
}
