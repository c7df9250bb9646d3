/** Reads `.env`: lines NAME=value, quoted values over several lines, comments. No line is skipped without an error. */
import { isUtf8 } from 'node:buffer';
import { parseEnv } from 'node:util';

const BLANK = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
const NAME = /[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*[ \t]*=[ \t]*/y;
/** A closing quote ends the value; only a comment may follow. */
const QUOTED = /(?:"[^"]*"|'[^']*'|`[^`]*`)[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
const UNQUOTED = /(?!["'`])[^\n]*(?:\n|$)/y;
const CONTROL = /[\0-\x08\x0b-\x1f\x7f]/;

export interface DotEnv {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Values are not repeated: they may be secrets. */
  readonly problems: readonly string[];
}

export function readDotEnv(bytes: Buffer): DotEnv {
  if (!isUtf8(bytes)) return { variables: {}, problems: ['.env is not UTF-8: save it as UTF-8'] };
  // Editors put a byte order mark first; old ones end lines with CR.
  const text = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replace(/\r\n?/g, '\n');
  const line = unreadableLine(text);
  if (line === null) return { variables: parseEnv(text), problems: [] };
  return { variables: {}, problems: [`.env, line ${line} is not NAME=value: correct it, or put # in front of it`] };
}

/** The number of the first line that is neither an assignment nor a comment, or null. */
function unreadableLine(text: string): number | null {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found === undefined || CONTROL.test(found)) return false;
    at += found.length;
    return true;
  };
  while (at < text.length) {
    const start = at;
    if (take(BLANK) || (take(NAME) && (take(QUOTED) || take(UNQUOTED)))) continue;
    return text.slice(0, start).split('\n').length;
  }
  return null;
}
