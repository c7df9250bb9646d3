/** Behind the check bytes, a token holds the position; positions of one log compare as texts do (src/http/position-token.ts). */
const CHECK_BYTES = 8;

/**
 * The later of two positions of one log. Answers to commands that are sent at once come in any order, and a command that had nothing to
 * do answers with an older position. Of tokens that can't be read it is the second.
 */
export function later(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  const [a, b] = [positionIn(one), positionIn(other)];
  return a !== null && b !== null && a > b ? one : other;
}

function positionIn(token: string): string | null {
  try {
    return atob(token.replaceAll('-', '+').replaceAll('_', '/')).slice(CHECK_BYTES);
  } catch {
    return null;
  }
}
