/** Fields for one product, found by a part of its name or SKU, and for one user, found by the e-mail address in full. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, ProblemError } from '../api.js';
import { named } from '../format.js';
import type { Product, User } from '../types.js';
import { useQuery } from '../use-query.js';
import { type Choice, Picker, type PickerFieldProps, usePicked } from './picker.js';

/** So many of each status are offered. */
const MOST_SHOWN = 20;
const TYPING_MS = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The text that a server is asked about, once nothing more is typed. Null before the field is entered. */
function useAsked(text: string | null): string | null {
  const [asked, setAsked] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), asked === null ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return asked === text ? asked : null;
}

interface ThingPickerProps extends PickerFieldProps {
  readonly kind: string;
  readonly placeholder: string;
  readonly says: { readonly nothing: string; readonly vague: string };
  readonly isId: (text: string) => boolean;
  /** What fits a text, which may be empty. */
  readonly find: (text: string, signal: AbortSignal) => Promise<readonly Choice[]>;
  readonly read: (id: string, signal: AbortSignal) => Promise<string>;
}

function ThingPicker({ kind, isId, find, read, ...field }: ThingPickerProps): VNode {
  const picked = usePicked(field.initial);
  const [isEntered, setEntered] = useState(false);
  const asked = useAsked(isEntered ? (picked.typed ?? '').trim() : null);
  const found = useQuery(asked === null ? null : `${kind} that fits ${asked}`, (signal) => find(asked ?? '', signal));
  const known = useQuery(isId(picked.id) ? `${kind} ${picked.id}` : null, (signal) => read(picked.id, signal));
  // What is chosen from the list is known by its name at once.
  const offered = useRef(new Map<string, string>());
  for (const { id, text } of found.data ?? []) offered.current.set(id, text);
  return (
    <Picker
      {...field}
      picked={picked}
      hits={found.data}
      error={found.error}
      chosen={known.data ?? offered.current.get(picked.id)}
      idIn={(text) => (isId(text.trim()) ? text.trim() : '')}
      onEnter={() => setEntered(true)}
    />
  );
}

const productText = ({ name, sku, status }: Product): string =>
  `${named(name)} · ${sku}${status === 'retired' ? ' · retired' : ''}`;
const userText = ({ name, email }: User): string => (name === null ? 'Erased user' : `${named(name)} · ${email ?? ''}`);

interface ProductPickerProps extends PickerFieldProps {
  /** Retired products can be chosen, too. */
  readonly withRetired?: boolean;
}

export function ProductPicker({ withRetired, ...field }: ProductPickerProps): VNode {
  const find = async (text: string, signal: AbortSignal): Promise<readonly Choice[]> => {
    const statuses = withRetired ? (['active', 'retired'] as const) : (['active'] as const);
    const q = text === '' ? {} : { q: text };
    const lists = statuses.map(async (status) => {
      return (await api.listProducts({ ...q, status, limit: MOST_SHOWN }, { signal })).data;
    });
    const byId = /^[1-9]\d{0,9}$/.test(text) ? [ifThere(api.getProduct({ product_id: Number(text) }, { signal }))] : [];
    const products = (await Promise.all([...byId, ...lists])).flat();
    return uniqueOf(products.map((one) => ({ id: String(one.product_id), text: productText(one) })));
  };
  return (
    <ThingPicker
      {...field}
      kind="product"
      placeholder="Name, SKU or id"
      says={{ nothing: 'No product fits.', vague: 'Choose a product from the list, or type its id.' }}
      isId={(text) => /^\d{1,15}$/.test(text)}
      find={find}
      read={async (id, signal) => productText((await api.getProduct({ product_id: Number(id) }, { signal })).data)}
    />
  );
}

export function UserPicker(field: PickerFieldProps): VNode {
  const find = async (text: string, signal: AbortSignal): Promise<readonly Choice[]> => {
    if (UUID.test(text)) return (await ifThere(api.getUser({ user_id: text }, { signal }))).map(userChoice);
    if (text === '' || text.includes('@')) {
      const email = text === '' ? {} : { email: text };
      return (await ifThere(api.listUsers({ ...email, limit: MOST_SHOWN }, { signal }))).flat().map(userChoice);
    }
    return [];
  };
  return (
    <ThingPicker
      {...field}
      kind="user"
      placeholder="E-mail address or id"
      says={{
        nothing: 'No user has this. Type the e-mail address in full.',
        vague: 'Type the e-mail address in full and choose the user, or type the id.',
      }}
      isId={(text) => UUID.test(text)}
      find={find}
      read={async (id, signal) => userText((await api.getUser({ user_id: id }, { signal })).data)}
    />
  );
}

const userChoice = (user: User): Choice => ({ id: user.user_id, text: userText(user) });

/** An id that nothing has, and an address that can't be one, find nothing. */
async function ifThere<T>(asked: Promise<{ readonly data: T }>): Promise<readonly T[]> {
  try {
    return [(await asked).data];
  } catch (error) {
    if (error instanceof ProblemError && [400, 404].includes(error.status)) return [];
    throw error;
  }
}

const uniqueOf = (choices: readonly Choice[]): readonly Choice[] => [
  ...new Map(choices.map((choice) => [choice.id, choice])).values(),
];
