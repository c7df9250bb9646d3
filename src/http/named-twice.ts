/** Finds a name that stands twice in its object. JSON.parse keeps the last value and reports nothing. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** No body of a route and no line of an import nests deeper; what does is refused anyway. */
const DEEPEST = 8;
const MOST = 10;

/** An object or a list that has not ended. */
interface Open {
  /** How often each has come; null in a list. */
  readonly names: Map<string, number> | null;
  /** The text that comes next is a name. */
  awaitsName: boolean;
  step: string | number;
}

/**
 * The paths of members that stand twice, at most ten.
 * @param text JSON that JSON.parse has taken
 */
export function namedTwice(text: string): readonly (readonly (string | number)[])[] {
  const open: Open[] = [];
  const found: (readonly (string | number)[])[] = [];
  let deeper = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const top = deeper > 0 ? undefined : open.at(-1);
    switch (character) {
      case '{':
      case '[': {
        const isObject = character === '{';
        if (open.length === DEEPEST) deeper++;
        else open.push({ names: isObject ? new Map() : null, awaitsName: isObject, step: 0 });
        break;
      }
      case '}':
      case ']':
        if (deeper > 0) deeper--;
        else open.pop();
        break;
      case ',':
        if (top?.names) top.awaitsName = true;
        else if (top) top.step = Number(top.step) + 1;
        break;
      case '"': {
        const end = endOfText(text, at);
        if (top?.names && top.awaitsName) {
          top.step = JSON.parse(text.slice(at, end + 1)) as string;
          top.awaitsName = false;
          const times = (top.names.get(top.step) ?? 0) + 1;
          top.names.set(top.step, times);
          if (times === 2) found.push(open.map(({ step }) => step));
          if (found.length === MOST) return found;
        }
        at = end;
      }
    }
  }
  return found;
}

function endOfText(text: string, start: number): number {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) at += code === BACKSLASH ? 2 : 1;
  return at;
}
