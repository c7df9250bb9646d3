import type { JsonSchema } from './json-schema.js';

/** Something of an OpenAPI document that has a schema. */
type Content = Record<string, object> | undefined;

/**
 * A schema that refers to itself carries its definitions along; references in a document start at the document's root. So
 * the definitions become components, under the name given by `.meta({ id })` or one that is free.
 */
export function hoistDefinitions(content: Content, components: Record<string, object>): void {
  for (const media of Object.values(content ?? {}) as { schema?: JsonSchema }[]) {
    if (!media.schema?.['$defs']) continue;
    const { $defs, ...schema } = media.schema as { $defs: Record<string, object> };
    const names = new Map(Object.keys($defs).map((name) => [name, nameFor(name, components)]));
    for (const [name, definition] of Object.entries($defs)) {
      components[names.get(name) ?? name] = renamed(definition, names);
    }
    media.schema = renamed(schema, names) as JsonSchema;
  }
}

/** Names that nobody gave begin with two underscores. */
function nameFor(name: string, components: Record<string, object>): string {
  if (!name.startsWith('__')) return name;
  let free = 1;
  while (components[`Schema${free}`]) free++;
  components[`Schema${free}`] = {};
  return `Schema${free}`;
}

function renamed(schema: object, names: ReadonlyMap<string, string>): object {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return value;
    const name = names.get(value.replace('#/$defs/', ''));
    return name === undefined ? value : `#/components/schemas/${name}`;
  }) as object;
}
