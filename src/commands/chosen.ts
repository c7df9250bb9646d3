import { chosen as chosenFrom } from '../ops/models.js';
import { WrongUse } from './output.js';

/** Those of these names, in the order of the registry; all if there are none. @param what they are. @throws WrongUse */
export function chosen<Model extends { readonly name: string }>(
  all: readonly Model[],
  names: readonly string[],
  what = 'read model',
): readonly Model[] {
  return chosenFrom(all, names, what, (message) => new WrongUse(message));
}
