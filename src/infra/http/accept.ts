import type { FastifyRequest } from 'fastify';
import { listElements } from './header-list.js';
import { Problem } from './problem.js';

/** @throws Problem not-acceptable when the caller wants none of the route's media types */
export function requireAcceptable(request: FastifyRequest): void {
  const { accept } = request.headers;
  if (accept === undefined || accept === '*/*') return;
  const { produces } = request.routeOptions.config;
  if (!produces || produces.includes(accept)) return;
  if (!produces.some((mediaType) => weightOf(mediaType, accept) > 0)) {
    throw new Problem('not-acceptable', `This route answers with ${produces.join(' or ')}.`);
  }
}

/** Both are strong validators of the same content, so the tag of an answer does not depend on this. */
export function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  const elements = listElements(String(acceptEncoding)).map(weighted);
  const own = elements.find(({ range }) => range === 'gzip' || range === 'x-gzip');
  return (own ?? elements.find(({ range }) => range === '*') ?? { weight: 0 }).weight > 0;
}

/** The weight of the most specific range that holds the media type; 0 for none. */
function weightOf(mediaType: string, accept: string): number {
  const type = mediaType.slice(0, mediaType.indexOf('/'));
  const ranges = listElements(accept).map(weighted);
  for (const wanted of [mediaType, `${type}/*`, '*/*']) {
    const weights = ranges.filter(({ range }) => range === wanted).map(({ weight }) => weight);
    if (weights.length > 0) return Math.max(...weights);
  }
  return 0;
}

function weighted(element: string): { range: string; weight: number } {
  const [range = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const weight = quality === undefined ? 1 : Number(quality.replace(/^q\s*=\s*/, ''));
  return { range, weight: Number.isFinite(weight) ? weight : 0 };
}
