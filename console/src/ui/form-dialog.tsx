/** A question with fields, as a dialog: the browser keeps the focus in it and closes it by Escape. */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type CallOptions, sameAgain } from '../api.js';
import { useAction } from '../use-query.js';
import { Failure } from './parts.js';

export interface FormDialogProps {
  readonly title: string;
  readonly submit: string;
  readonly isDangerous?: boolean;
  readonly children?: ComponentChildren;
  /** Called with the fields and options for the command; what it throws is shown, and the dialog stays. */
  readonly onSubmit: (fields: FormData, options: CallOptions) => Promise<unknown>;
  readonly onClose: () => void;
}

export function FormDialog({ title, submit, isDangerous, children, onSubmit, onClose }: FormDialogProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const submitButton = useRef<HTMLButtonElement>(null);
  // After a broken connection the command may have taken effect: the same fields are the same command.
  const again = useRef<CallOptions>({});
  const action = useAction(async (fields: FormData) => {
    try {
      await onSubmit(fields, again.current);
    } catch (error) {
      again.current = sameAgain(error);
      throw error;
    }
  });
  useEffect(() => {
    dialog.current?.showModal();
    // Without a field the browser chooses the first button, and Enter would do nothing. Where that is safer, it stays so.
    if (!isDangerous && !dialog.current?.querySelector('input, select, textarea')) submitButton.current?.focus();
  }, []);
  return (
    <dialog ref={dialog} aria-label={title} onClose={onClose}>
      <form
        onInput={() => (again.current = {})}
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(new FormData(event.currentTarget)).then((isDone) => isDone && dialog.current?.close());
        }}
      >
        <h2>{title}</h2>
        {children}
        {action.error && <Failure error={action.error} />}
        <div class="actions">
          {/* Not “Cancel”, which orders are. What is to be added or started is not yet, so it can not be kept. */}
          <button type="button" onClick={() => dialog.current?.close()}>
            {isDangerous ? 'Keep as it is' : 'Close'}
          </button>
          <button ref={submitButton} class={`primary ${isDangerous ? 'danger' : ''}`} disabled={action.isBusy}>
            {action.isBusy ? 'Working…' : submit}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** A text field's value; an empty text if it was left empty. */
export function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** A text field as a part of a request: nothing if it was left empty. */
export function given<Name extends string>(fields: FormData, name: Name): { readonly [K in Name]?: string } {
  const value = textOf(fields, name);
  return (value === '' ? {} : { [name]: value }) as { readonly [K in Name]?: string };
}
