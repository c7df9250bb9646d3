/** A field for one thing that is known by a name: type a part of it and choose from the list, or type the id. */
import type { VNode } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Field, reasonOf } from './parts.js';

export interface Choice {
  readonly id: string;
  readonly text: string;
}

export interface PickerFieldProps {
  readonly label: string;
  readonly hint?: string;
  /** Of the field in the form: it has the id, or nothing. */
  readonly name: string;
  readonly initial: string;
  /** Called when another id, or none, is chosen. */
  readonly onPick?: (id: string) => void;
  readonly isRequired?: boolean;
}

/** What is chosen in a field, and what is typed into it. */
export interface Picked {
  readonly id: string;
  /** Null: as it is chosen. */
  readonly typed: string | null;
  readonly set: (id: string, typed: string | null) => void;
}

/** @param initial another one, such as that of another address, takes the place of what was chosen */
export function usePicked(initial: string): Picked {
  const [{ id, typed }, setPicked] = useState<Omit<Picked, 'set'>>({ id: initial, typed: null });
  useEffect(() => setPicked({ id: initial, typed: null }), [initial]);
  return { id, typed, set: (nextId, nextTyped) => setPicked({ id: nextId, typed: nextTyped }) };
}

export interface PickerProps extends PickerFieldProps {
  readonly picked: Picked;
  /** What fits the typed text; undefined as long as it is looked for. */
  readonly hits: readonly Choice[] | undefined;
  readonly error: Error | undefined;
  /** Of the thing that is chosen, if it is known. */
  readonly chosen: string | undefined;
  /** The id that a typed text means, or an empty text. */
  readonly idIn: (text: string) => string;
  readonly placeholder: string;
  /** What is said where nothing fits, and where the text means nothing. */
  readonly says: { readonly nothing: string; readonly vague: string };
  readonly onEnter: () => void;
}

export function Picker(props: PickerProps): VNode {
  const { label, hint, name, initial, picked, error, idIn, says, onEnter, onPick } = props;
  const { id, typed } = picked;
  const hits = props.hits ?? [];
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const hidden = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const listId = useId();
  const selected = Math.min(at, hits.length - 1);
  const isVague = typed !== null && id === '' && typed.trim() !== '';
  const isMissing = props.isRequired === true && id === '';
  // At once: the next key may send the form.
  useLayoutEffect(() => {
    input.current?.setCustomValidity(isVague || isMissing ? says.vague : '');
  }, [isVague, isMissing]);
  useEffect(() => list.current?.children[selected]?.scrollIntoView({ block: 'nearest' }), [selected, isOpen]);
  const chosen = props.chosen ?? id;
  // The name may come after the field has the focus.
  useEffect(() => {
    if (typed === null && document.activeElement === input.current) input.current?.select();
  }, [chosen]);
  const pick = (next: string): void => {
    picked.set(next, null);
    setOpen(false);
    if (next !== initial) onPick?.(next);
  };
  const choose = (hit: Choice): void => {
    pick(hit.id);
    // To the form, another choice is another command.
    hidden.current?.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const onInput = (text: string): void => {
    picked.set(idIn(text), text);
    setAt(0);
    setOpen(text.trim() !== '');
  };
  const leave = (): void => {
    setOpen(false);
    if (!isVague && typed !== null) pick(id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const isArrow = event.key === 'ArrowDown' || event.key === 'ArrowUp';
    const hit = hits[selected];
    if (isOpen && event.key === 'Escape') setOpen(false);
    else if (isOpen && event.key === 'Enter' && hit && typed?.trim()) choose(hit);
    else if (isArrow && !isOpen) setOpen(true);
    else if (isArrow && hits.length > 0)
      setAt((selected + (event.key === 'ArrowDown' ? 1 : -1) + hits.length) % hits.length);
    else if (event.key === 'Enter' && typed !== null && !isVague && onPick) pick(id);
    else return;
    // Neither the dialog is closed nor the form sent.
    event.preventDefault();
  };
  // Once the field is left, the list no longer says it.
  const note = isVague && !isOpen ? says.vague : hint;
  return (
    <div class="picker">
      <Field label={label} {...(note !== undefined && { hint: note })}>
        <input
          ref={input}
          type="text"
          role="combobox"
          aria-expanded={isOpen}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={isOpen && hits.length > 0 ? `${listId}-${selected}` : undefined}
          aria-invalid={isVague && !isOpen}
          autocomplete="off"
          placeholder={props.placeholder}
          value={typed ?? chosen}
          onFocus={({ currentTarget }) => {
            onEnter();
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
              key={hit.id}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === selected}
              // The field keeps the focus.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(hit)}
            >
              <span>{hit.text}</span>
              <span class="muted small">{hit.id}</span>
            </li>
          ))}
          {hits.length === 0 && (
            <li role="option" aria-selected={false} aria-disabled="true" class="muted small">
              {error ? reasonOf(error) : props.hits ? says.nothing : 'Loading…'}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
