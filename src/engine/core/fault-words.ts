/** What is wrong with a value, in the words of this house: the library that checks it reports only the kind of fault. */

/** One fault as zod reports it, in what the core needs of it. */
export interface Issue {
  readonly code?: string | undefined;
  readonly input?: unknown;
  readonly expected?: unknown;
  readonly origin?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly inclusive?: unknown;
  readonly exact?: unknown;
  readonly divisor?: unknown;
  readonly format?: unknown;
  readonly prefix?: unknown;
  readonly suffix?: unknown;
  readonly includes?: unknown;
  readonly values?: unknown;
  readonly options?: unknown;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  map: 'an object',
  array: 'a list',
  tuple: 'a list',
  set: 'a list',
  null: 'null',
  date: 'a date',
  file: 'a file',
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'a URL',
  uuid: 'a UUID',
  guid: 'a UUID',
  datetime: 'a time in UTC such as 2026-01-31T09:30:00Z',
  date: 'a date such as 2026-01-31',
  time: 'a time such as 09:30:00',
  json_string: 'JSON',
};

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  map: ['entry', 'entries'],
  file: ['byte', 'bytes'],
};

/** Says it behind the path of the value: `items[0].quantity: must be at least 1`. */
export function faultWords(issue: Issue): string {
  const { code = '' } = issue;
  switch (code) {
    case 'invalid_type':
      // JSON can write numbers that are read as infinite, such as 1e400.
      if (issue.input === Infinity) return 'is larger than any number can be';
      if (issue.input === -Infinity) return 'is smaller than any number can be';
      return issue.input === undefined ? 'is missing' : mustBe(TYPES[String(issue.expected)]);
    case 'too_small':
      return limit(issue, issue.minimum, 'at least', 'more than');
    case 'too_big':
      return limit(issue, issue.maximum, 'at most', 'less than');
    case 'not_multiple_of':
      return `must be a multiple of ${String(issue.divisor)}`;
    case 'invalid_format':
      return formatWords(issue);
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : oneOf(issue.values);
    case 'invalid_union':
      return Array.isArray(issue.options) && issue.options.length > 0 ? oneOf(issue.options) : mustBe(undefined);
    case 'unrecognized_keys':
      return 'is not known; remove it';
    case 'invalid_key':
      return 'has a member whose name is not allowed';
    case 'invalid_element':
      return 'has an entry that is not allowed';
    default:
      return 'is not allowed';
  }
}

function mustBe(what: string | undefined): string {
  return what === undefined ? 'has a form that is not allowed' : `must be ${what}`;
}

function oneOf(values: unknown): string {
  return `must be ${values instanceof Array && values.length > 1 ? 'one of ' : ''}${[values].flat().map(String).join(', ')}`;
}

function limit({ origin, inclusive, exact }: Issue, bound: unknown, reached: string, passed: string): string {
  const unit = UNITS[String(origin)];
  const than = exact === true ? 'exactly' : inclusive === false ? passed : reached;
  const value = origin === 'date' ? new Date(Number(bound)).toISOString() : String(bound);
  if (!unit) return exact === true ? `must be ${value}` : `must be ${than} ${value}`;
  return `must have ${than} ${value} ${unit[value === '1' ? 0 : 1]}`;
}

function formatWords({ format, prefix, suffix, includes }: Issue): string {
  if (format === 'starts_with') return `must begin with ${String(prefix)}`;
  if (format === 'ends_with') return `must end with ${String(suffix)}`;
  if (format === 'includes') return `must contain ${String(includes)}`;
  return mustBe(FORMATS[String(format)]);
}
