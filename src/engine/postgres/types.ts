import pg from 'pg';

const INT8 = 20;
const TIMESTAMPTZ = 1184;

/** How the values of a connection are read: bigint as a safe integer, timestamptz as ISO 8601 in UTC. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8 && format !== 'binary') return safeInteger;
    if (oid === TIMESTAMPTZ && format !== 'binary') return isoTime;
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
  }) as pg.CustomTypesConfig['getTypeParser'],
};

/** @throws RangeError beyond 2^53 */
function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no safe integer`);
  return value;
}

/** As the server writes it in UTC; anything else, such as a year of five digits, the long way. */
const PLAIN_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/;

/** Cut out rather than computed: a rebuild spends a twentieth of its time on it otherwise. */
function isoTime(text: string): string {
  if (!PLAIN_TIME.test(text)) return new Date(text).toISOString();
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).slice(0, 3).padEnd(3, '0')}Z`;
}
