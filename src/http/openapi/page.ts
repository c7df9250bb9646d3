/** The page of the document: the parts of Swagger UI that are ours. It asks no other host for anything. */

import type { FastifySwaggerUiOptions } from '@fastify/swagger-ui';

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" role="img" aria-label="Orderlog">
<rect width="32" height="32" rx="7" fill="#14342b"/>
<g fill="none" stroke-linecap="round" stroke-width="3">
<path stroke="#7bd88f" d="M8 9.5h.01M8 16h.01M8 22.5h.01"/>
<path stroke="#f4f1de" d="M13.5 9.5H24M13.5 16H21M13.5 22.5H17"/>
</g>
</svg>`;

const NAMED_LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32" role="img" aria-label="Orderlog">
${LOGO.split('\n').slice(1, -1).join('\n')}
<text x="42" y="23" font-family="system-ui, sans-serif" font-size="21" font-weight="600" fill="#f4f1de">Orderlog</text>
</svg>`;

/** The bar at the top asks for the address of another document: there is none. */
const STYLE = `.swagger-ui .topbar { background: #14342b; padding: 8px 0; }
.swagger-ui .topbar .download-url-wrapper { display: none; }
.swagger-ui .info { margin: 24px 0; }
.swagger-ui .info .title small.version-stamp { background: #2f6f5e; }`;

/** Nothing but what this server sends; the interface itself sets styles on elements and shows pictures as data. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Runs in the browser, when the document has come: puts the ids of a user and an order that are there into the samples, so that
 * "Try it out" finds them. Where the reader may not list them, the samples stay. Its text goes into the page: it may use nothing
 * from outside of it.
 */
export async function withIdsThatAreThere(answer: { url: string; text: string }): Promise<object> {
  if (!new URL(answer.url, 'http://page').pathname.endsWith('/docs/json')) return answer;
  const samples = [
    ['/v1/users?limit=1', 'user_id', '01a223ec-c29e-75d5-b7a9-1a33716d6486'],
    ['/v1/orders?limit=1&status=placed', 'order_id', '2d6fbd8a-057e-8599-a83f-1e0ae74416e8'],
    ['/v1/orders?limit=1&status=placed', 'order_id', '7c41b0de-93a5-8b02-9e6c-5d2f8a1b3c4d'],
  ] as const;
  for (const [list, name, sample] of samples) {
    const found = await fetch(list).catch(() => null);
    if (!found?.ok) continue;
    const { data } = (await found.json()) as { data: Record<string, string>[] };
    const id = data[0]?.[name];
    if (id !== undefined) answer.text = answer.text.replaceAll(sample, id);
  }
  return answer;
}

export const page: Pick<FastifySwaggerUiOptions, 'staticCSP' | 'logo' | 'theme' | 'uiConfig'> = {
  staticCSP: PAGE_POLICY,
  logo: { type: 'image/svg+xml', content: Buffer.from(NAMED_LOGO), href: '/docs', target: '_self' },
  theme: {
    title: 'Orderlog API',
    favicon: [{ filename: 'logo.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: LOGO }],
    css: [{ filename: 'orderlog.css', content: STYLE }],
  },
  uiConfig: {
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    // The declared type is that of an answer in a browser; what comes is the interface's own.
    responseInterceptor: withIdsThatAreThere as never,
  },
};
