import { invalid } from '../http/problem.js';

/** Those of these names, in the order of the registry; all if there are none. @throws Problem invalid-request */
export function modelsNamed<Named extends { readonly name: string }>(
  all: readonly Named[],
  names: readonly string[],
  path: string,
  what = 'read model',
): readonly Named[] {
  const unknown = names.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0) {
    const known = all.map(({ name }) => name).join(', ');
    throw invalid(path, `there is no ${what} ${unknown.join(', ')}: there are ${known}`);
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}
