import { documentSchema, type JsonSchema } from '../json-schema.js';

/** What operations share, each under its name. */
export class Components {
  readonly schemas: Record<string, JsonSchema> = {};
  readonly responses: Record<string, object> = {};
  readonly headers: Record<string, object> = {};
  readonly parameters: Record<string, object> = {};
  readonly examples: Record<string, object> = {};

  /** A schema whose named parts, and those that refer to themselves, are components. */
  schema(source: unknown, direction: 'input' | 'output'): JsonSchema {
    const { $defs = {}, ...schema } = documentSchema(source, direction) as { $defs?: Record<string, JsonSchema> };
    const names = new Map(Object.keys($defs).map((name) => [name, this.#nameFor(name)]));
    for (const [name, definition] of Object.entries($defs)) {
      this.named(names.get(name) ?? name, renamed(definition, names));
    }
    return renamed(schema, names);
  }

  /** Makes a schema a component. @throws Error for two that differ under one name */
  named(name: string, schema: JsonSchema): JsonSchema {
    const known = this.schemas[name];
    if (known && Object.keys(known).length > 0 && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two schemas of the OpenAPI document are named ${name}`);
    }
    this.schemas[name] = schema;
    return { $ref: `#/components/schemas/${name}` };
  }

  /** Names that nobody gave begin with two underscores. */
  #nameFor(name: string): string {
    if (!name.startsWith('__')) return name;
    let free = 1;
    while (this.schemas[`Schema${free}`]) free++;
    this.schemas[`Schema${free}`] = {};
    return `Schema${free}`;
  }
}

function renamed(schema: object, names: ReadonlyMap<string, string>): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return value;
    const name = names.get(value.replace('#/$defs/', ''));
    return name === undefined ? value : `#/components/schemas/${name}`;
  }) as JsonSchema;
}
