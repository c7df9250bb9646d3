/** A question with fields, as a dialog: the browser keeps the focus in it and closes it by Escape. */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useAction } from '../use-query.js';
import { Failure } from './parts.js';

export interface FormDialogProps {
  readonly title: string;
  readonly submit: string;
  readonly isDangerous?: boolean;
  readonly children?: ComponentChildren;
  /** Called with the fields; what it throws is shown, and the dialog stays. */
  readonly onSubmit: (fields: FormData) => Promise<unknown>;
  readonly onClose: () => void;
}

export function FormDialog({ title, submit, isDangerous, children, onSubmit, onClose }: FormDialogProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const action = useAction(onSubmit);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-label={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(new FormData(event.currentTarget)).then((isDone) => isDone && dialog.current?.close());
        }}
      >
        <h2>{title}</h2>
        {children}
        {action.error && <Failure error={action.error} />}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep as it is
          </button>
          <button class={`primary ${isDangerous ? 'danger' : ''}`} disabled={action.isBusy}>
            {action.isBusy ? 'Working…' : submit}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** A text field's value, or undefined if it was left empty. */
export function textOf(fields: FormData, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
