/** A field for one category: type a part of its name or path and choose it from the list, or type its id. */
import type { VNode } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api } from '../api.js';
import type { CategoryNode } from '../types.js';
import { useQuery } from '../use-query.js';
import { Field, reasonOf } from './parts.js';

interface Choice {
  readonly catId: number;
  readonly path: string;
  /** In which the words are looked for. */
  readonly folded: string;
}

interface CategoryPickerProps {
  readonly label: string;
  readonly hint?: string;
  /** Of the field in the form: it has the id, or nothing. */
  readonly name: string;
  readonly initial: string;
  /** The category that can't be chosen, nor anything below it. */
  readonly except?: number;
}

const MOST_SHOWN = 50;

export function CategoryPicker({ label, hint, name, initial, except }: CategoryPickerProps): VNode {
  // Where nothing is chosen yet, the tree is read when the field is entered.
  const [isAsked, setAsked] = useState(initial !== '');
  const tree = useQuery(isAsked ? 'tree to choose from' : null, async (signal) => {
    return (await api.getCategoryTree({}, { signal })).data;
  });
  const choices = useMemo(() => tree.data && choicesOf(tree.data, except), [tree.data, except]);
  const [id, setId] = useState(initial);
  /** Null: as it is chosen. */
  const [typed, setTyped] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const hidden = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const listId = useId();
  const pathOf = (catId: string): string | undefined => choices?.find((one) => String(one.catId) === catId)?.path;
  const hits = useMemo(() => (choices ? hitsFor(typed ?? '', choices) : []), [typed, choices]);
  const selected = Math.min(at, hits.length - 1);
  const isVague = typed !== null && id === '' && typed.trim() !== '';
  // At once: the next key may send the form.
  useLayoutEffect(() => {
    input.current?.setCustomValidity(isVague ? 'Choose a category from the list, or type its id.' : '');
  }, [isVague]);
  useEffect(() => list.current?.children[selected]?.scrollIntoView({ block: 'nearest' }), [selected, isOpen]);
  const chosen = pathOf(id) ?? id;
  // The path may come after the field has the focus.
  useEffect(() => {
    if (typed === null && document.activeElement === input.current) input.current?.select();
  }, [chosen]);
  const choose = ({ catId }: Choice): void => {
    setId(String(catId));
    setTyped(null);
    setOpen(false);
    // To the form, another choice is another command.
    hidden.current?.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const onInput = (text: string): void => {
    setTyped(text);
    setId(idIn(text, choices));
    setAt(0);
    setOpen(text.trim() !== '');
  };
  const leave = (): void => {
    setOpen(false);
    if (!isVague) setTyped(null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const isArrow = event.key === 'ArrowDown' || event.key === 'ArrowUp';
    const hit = hits[selected];
    if (isOpen && event.key === 'Escape') setOpen(false);
    else if (isOpen && event.key === 'Enter' && hit && typed?.trim()) choose(hit);
    else if (isArrow && !isOpen) setOpen(true);
    else if (isArrow && hits.length > 0)
      setAt((selected + (event.key === 'ArrowDown' ? 1 : -1) + hits.length) % hits.length);
    else return;
    // Neither the dialog is closed nor the form sent.
    event.preventDefault();
  };
  return (
    <div class="picker">
      <Field label={label} {...(hint !== undefined && { hint })}>
        <input
          ref={input}
          type="text"
          role="combobox"
          aria-expanded={isOpen}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={isOpen && hits.length > 0 ? `${listId}-${selected}` : undefined}
          autocomplete="off"
          placeholder="Name, path or id"
          value={typed ?? chosen}
          onFocus={({ currentTarget }) => {
            setAsked(true);
            currentTarget.select();
          }}
          onClick={() => setOpen(true)}
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
          onKeyDown={onKeyDown}
          onBlur={leave}
        />
      </Field>
      <input ref={hidden} type="hidden" name={name} value={id} />
      {isOpen && (
        <ul class="picker-hits" id={listId} ref={list} role="listbox" aria-label={label}>
          {hits.map((hit, index) => (
            <li
              key={hit.catId}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === selected}
              // The field keeps the focus.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(hit)}
            >
              <span>{hit.path}</span>
              <span class="muted small">{hit.catId}</span>
            </li>
          ))}
          {hits.length === 0 && (
            <li role="option" aria-selected={false} aria-disabled="true" class="muted small">
              {tree.error ? reasonOf(tree.error) : choices ? 'No category fits.' : 'Loading…'}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

/** Every category with its path, in the order of the tree. */
function choicesOf(roots: readonly CategoryNode[], except: number | undefined): readonly Choice[] {
  const choices: Choice[] = [];
  const visit = (nodes: readonly CategoryNode[], above: string): void => {
    for (const { cat_id, name, child_categories } of nodes) {
      if (cat_id === except) continue;
      const path = above + name;
      choices.push({ catId: cat_id, path, folded: folded(path) });
      visit(child_categories, `${path} › `);
    }
  };
  visit(roots, '');
  return choices;
}

/** Without case and accents. */
const folded = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** An id that is typed, or a path in full; otherwise nothing is meant yet. */
function idIn(text: string, choices: readonly Choice[] | undefined): string {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return trimmed;
  return String(choices?.find(({ path }) => path === trimmed)?.catId ?? '');
}

/** The one with this id, then those with all words in the path: first where the last name has them, then the shorter paths. */
function hitsFor(text: string, choices: readonly Choice[]): readonly Choice[] {
  const words = folded(text)
    .split(/[\s›/>]+/)
    .filter(Boolean);
  const rank = ({ catId, folded: path }: Choice): number => {
    if (String(catId) === text.trim()) return 0;
    const last = path.slice(path.lastIndexOf('›') + 1);
    return words.some((word) => last.includes(word)) ? 1 : 2;
  };
  const fitting = choices.filter(
    (one) => words.every((word) => one.folded.includes(word)) || String(one.catId) === text.trim(),
  );
  if (words.length === 0) return fitting.slice(0, MOST_SHOWN);
  return fitting
    .map((one) => ({ one, rank: rank(one) }))
    .sort((a, b) => a.rank - b.rank || a.one.path.length - b.one.path.length)
    .slice(0, MOST_SHOWN)
    .map(({ one }) => one);
}
