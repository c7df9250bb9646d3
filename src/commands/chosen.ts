import type { AnyProjection } from '../engine/index.js';
import { WrongUse } from './output.js';

/** The read models of these names, in the order of the registry; all if there are none. @throws WrongUse */
export function chosen(projections: readonly AnyProjection[], names: readonly string[]): readonly AnyProjection[] {
  const unknown = names.filter((name) => !projections.some((one) => one.name === name));
  if (unknown.length > 0) {
    const known = projections.map(({ name }) => name).join(', ');
    throw new WrongUse(`there is no read model ${unknown.join(', ')}: there are ${known}`);
  }
  return names.length === 0 ? projections : projections.filter(({ name }) => names.includes(name));
}
