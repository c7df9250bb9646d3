/** The OpenAPI document as tests read it. */
export interface Json {
  readonly [name: string]: unknown;
}

export interface Operation extends Json {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Json[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Json>> };
  readonly responses: Readonly<Record<string, Json>>;
}

export interface OpenApi extends Json {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

export function operationsOf({ paths }: OpenApi): readonly (readonly [name: string, operation: Operation])[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  );
}

/** What a reference leads to; everything else as it is. */
export function resolved(document: Json, value: Json): Json {
  const { $ref } = value as { $ref?: string };
  if ($ref === undefined) return value;
  const steps = $ref.replace('#/', '').split('/');
  return resolved(document, steps.reduce<unknown>((at, step) => (at as Json)[step], document) as Json);
}

/** Every schema of the document, wherever it stands, with its path. */
export function schemasOf(document: Json): (readonly [path: string, schema: Json])[] {
  const found: (readonly [string, Json])[] = [];
  const visit = (value: unknown, path: string, isSchema: boolean): void => {
    if (Array.isArray(value)) value.forEach((one, i) => visit(one, `${path}[${i}]`, isSchema));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    if (isSchema) found.push([path, value as Json]);
    for (const [key, below] of Object.entries(value)) {
      if (DATA.includes(key)) continue;
      const at = `${path}/${key}`;
      if (MAPS.includes(key) && isSchema)
        Object.entries(below as Json).forEach(([name, one]) => visit(one, `${at}/${name}`, true));
      else if (key === 'schemas' && path.endsWith('components')) {
        for (const [name, one] of Object.entries(below as Json)) visit(one, `${at}/${name}`, true);
      } else visit(below, at, key === 'schema' || (isSchema && NESTED.includes(key)));
    }
  };
  visit(document, '', false);
  return found;
}

/** Members that hold values, not descriptions. */
const DATA = ['example', 'examples', 'default', 'enum'];
const MAPS = ['properties', '$defs'];
const NESTED = ['items', 'allOf', 'anyOf', 'oneOf', 'additionalProperties'];
