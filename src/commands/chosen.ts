import { WrongUse } from './output.js';

/** Those of these names, in the order of the registry; all if there are none. @param what they are. @throws WrongUse */
export function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[],
  what = 'read model',
): readonly T[] {
  const unknown = names.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0) {
    const known = all.map(({ name }) => name).join(', ');
    throw new WrongUse(`there is no ${what} ${unknown.join(', ')}: there are ${known}`);
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}
