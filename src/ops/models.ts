import { invalid } from '../http/problem.js';

interface Named {
  readonly name: string;
}

/**
 * Those of these names, in the order of the registry; all if there are none.
 * @param what they are
 * @param fault the error of a message, thrown if there is no such name
 */
export function chosen<Model extends Named>(
  all: readonly Model[],
  names: readonly string[],
  what: string,
  fault: (message: string) => Error,
): readonly Model[] {
  const unknown = names.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0) {
    const known = all.map(({ name }) => name).join(', ');
    throw fault(`there is no ${what} ${unknown.join(', ')}: there are ${known}`);
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

/** The same for a request. @throws Problem invalid-request */
export function modelsNamed<Model extends Named>(
  all: readonly Model[],
  names: readonly string[],
  path: string,
  what = 'read model',
): readonly Model[] {
  return chosen(all, names, what, (message) => invalid(path, message));
}
