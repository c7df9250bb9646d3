/** What the role of the key may do, so that no screen offers what the API would refuse. The API decides all the same. */
import { type ComponentChildren, createContext, type VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { api, isDenied, type OperationId, ProblemError, rolesOf } from './api.js';

/** `unknown`: the API could not tell. Then everything is offered. Without access control everybody is an admin. */
export type Role = 'customer' | 'clerk' | 'admin' | 'unknown';

export const RoleContext = createContext<Role>('unknown');

/** Reads that cost little, each with the least role that may ask for it. */
const PROBES: readonly (readonly [Role, (signal: AbortSignal) => Promise<unknown>])[] = [
  ['admin', (signal) => api.listJobs({ limit: 1 }, { signal })],
  ['clerk', (signal) => api.getOrderCounts({}, { signal })],
];

/** @returns null if the API asks for a key */
export async function findRole(signal: AbortSignal): Promise<Role | null> {
  for (const [role, ask] of PROBES) {
    try {
      await ask(signal);
      return role;
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) return null;
      // Something else is wrong, and the screens say what.
      if (!isDenied(error as Error)) return 'unknown';
    }
  }
  return 'customer';
}

export function useMay(): (operation: OperationId) => boolean {
  const role = useContext(RoleContext);
  return (operation) => role === 'unknown' || (rolesOf(operation)?.includes(role) ?? true);
}

interface MayProps {
  /** What the children ask of the API. */
  readonly call: OperationId;
  readonly children: ComponentChildren;
  /** Shown to others, where they could miss it: who may do it. */
  readonly otherwise?: ComponentChildren;
}

export function May({ call, children, otherwise }: MayProps): VNode {
  const may = useMay();
  if (may(call)) return <>{children}</>;
  return typeof otherwise === 'string' ? <span class="muted small">{otherwise}</span> : <>{otherwise}</>;
}
