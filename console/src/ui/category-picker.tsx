/** Fields for categories: type a part of a name or path and choose it from the list, or type its id. */
import type { VNode } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { api } from '../api.js';
import { named } from '../format.js';
import type { CategoryNode } from '../types.js';
import { type Query, useQuery } from '../use-query.js';
import { type Choice, Picker, type PickerFieldProps, usePicked } from './picker.js';

interface CategoryChoice extends Choice {
  /** In which the words are looked for. */
  readonly folded: string;
}

interface CategoryPickerProps extends PickerFieldProps {
  /** The category that can't be chosen, nor anything below it. */
  readonly except?: number;
}

const MOST_SHOWN = 50;
const SAYS = { nothing: 'No category fits.', vague: 'Choose a category from the list, or type its id.' };

const useTree = (isAsked: boolean): Query<readonly CategoryNode[]> =>
  useQuery(isAsked ? 'tree to choose from' : null, async (signal) => (await api.getCategoryTree({}, { signal })).data);

export function CategoryPicker({ except, ...field }: CategoryPickerProps): VNode {
  const picked = usePicked(field.initial);
  // Where nothing is chosen yet, the tree is read when the field is entered.
  const [isEntered, setEntered] = useState(false);
  const tree = useTree(isEntered || picked.id !== '');
  const choices = useMemo(() => tree.data && choicesOf(tree.data, except), [tree.data, except]);
  const hits = useMemo(() => choices && hitsFor(picked.typed ?? '', choices), [picked.typed, choices]);
  return (
    <Picker
      {...field}
      picked={picked}
      hits={hits}
      error={tree.error}
      chosen={choices?.find(({ id }) => id === picked.id)?.text}
      idIn={(text) => idIn(text, choices)}
      placeholder="Name, path or id"
      says={SAYS}
      onEnter={() => setEntered(true)}
    />
  );
}

/** Several ids, as they are typed or pasted. */
const idsOf = (text: string): readonly string[] => text.split(/[\s,]+/).filter(Boolean);

interface CategoriesFieldProps {
  /** Of the fields in the form, each with an id, with ids separated by commas, or with nothing. */
  readonly name: string;
  readonly initial: readonly number[];
}

/** Several categories: those that are chosen, and a field that adds another one. */
export function CategoriesField({ name, initial }: CategoriesFieldProps): VNode {
  const [chosen, setChosen] = useState<readonly string[]>(() => initial.map(String));
  const picked = usePicked('');
  const tree = useTree(true);
  const choices = useMemo(() => tree.data && choicesOf(tree.data, undefined), [tree.data]);
  const hits = useMemo(() => {
    const others = choices?.filter(({ id }) => !chosen.includes(id));
    return others && hitsFor(picked.typed ?? '', others);
  }, [picked.typed, choices, chosen]);
  const field = useRef<HTMLDivElement>(null);
  return (
    <div class="stack-tight" ref={field}>
      <Picker
        label="Categories"
        hint="Choose one to add it. Separate several ids by commas."
        name={name}
        initial=""
        picked={picked}
        hits={hits}
        error={tree.error}
        chosen={undefined}
        idIn={(text) => (/^[\d\s,]+$/.test(text) ? idsOf(text).join(',') : idIn(text, choices))}
        placeholder="Name, path or id"
        says={SAYS}
        isRequired={chosen.length === 0}
        onEnter={() => undefined}
        onPick={(ids) => {
          setChosen((before) => [...new Set([...before, ...idsOf(ids)])]);
          picked.set('', null);
        }}
      />
      {chosen.length > 0 && (
        <ul class="chosen" aria-label="Chosen categories">
          {chosen.map((id) => {
            const text = choices?.find((one) => one.id === id)?.text ?? `Category ${id}`;
            return (
              <li key={id}>
                <input type="hidden" name={name} value={id} />
                <span>{text}</span>
                <button
                  type="button"
                  class="small-button quiet"
                  aria-label={`Remove ${text}`}
                  onClick={() => {
                    setChosen((before) => before.filter((one) => one !== id));
                    // To the form, another choice is another command.
                    field.current?.dispatchEvent(new Event('input', { bubbles: true }));
                    field.current?.querySelector('input')?.focus();
                  }}
                >
                  Remove
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}

/** What the form has of a field for several categories. */
export const categoriesIn = (fields: FormData, name: string): readonly number[] => [
  ...new Set(fields.getAll(name).flatMap((text) => (typeof text === 'string' ? idsOf(text).map(Number) : []))),
];

/** Every category with its path, in the order of the tree. */
function choicesOf(roots: readonly CategoryNode[], except: number | undefined): readonly CategoryChoice[] {
  const choices: CategoryChoice[] = [];
  const visit = (nodes: readonly CategoryNode[], above: string): void => {
    for (const { cat_id, name, child_categories } of nodes) {
      if (cat_id === except) continue;
      const path = above + named(name);
      choices.push({ id: String(cat_id), text: path, folded: folded(path) });
      visit(child_categories, `${path} › `);
    }
  };
  visit(roots, '');
  return choices;
}

/** Without case and accents. */
const folded = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** An id that is typed, or a path in full; otherwise nothing is meant yet. */
function idIn(text: string, choices: readonly CategoryChoice[] | undefined): string {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return trimmed;
  return choices?.find((one) => one.text === trimmed)?.id ?? '';
}

/** The one with this id, then those with all words in the path: first where the last name has them, then the shorter paths. */
function hitsFor(text: string, choices: readonly CategoryChoice[]): readonly CategoryChoice[] {
  const words = folded(text)
    .split(/[\s›/>]+/)
    .filter(Boolean);
  const rank = ({ id, folded: path }: CategoryChoice): number => {
    if (id === text.trim()) return 0;
    const last = path.slice(path.lastIndexOf('›') + 1);
    return words.some((word) => last.includes(word)) ? 1 : 2;
  };
  const fitting = choices.filter((one) => words.every((word) => one.folded.includes(word)) || one.id === text.trim());
  if (words.length === 0) return fitting.slice(0, MOST_SHOWN);
  return fitting
    .map((one) => ({ one, rank: rank(one) }))
    .sort((a, b) => a.rank - b.rank || a.one.text.length - b.one.text.length)
    .slice(0, MOST_SHOWN)
    .map(({ one }) => one);
}
