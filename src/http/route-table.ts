import type { App } from './app-type.js';

/** Which methods a path is served under; filled by the routes as they are added. */
export class RouteTable {
  readonly #paths = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  constructor(app: App) {
    app.addHook('onRoute', ({ url, method }) => {
      const methods = typeof method === 'string' ? [method] : method;
      const path = this.#paths.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
      this.#paths.set(url, path);
      for (const name of methods) path.methods.add(name);
    });
  }

  /** Sorted; none for a path that is not served. Any text counts as an id. */
  methodsOf(path: string): string[] {
    const methods = new Set<string>();
    for (const known of this.#paths.values()) {
      if (known.pattern.test(path)) known.methods.forEach((method) => methods.add(method));
    }
    return [...methods].sort();
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
