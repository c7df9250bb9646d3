/** Short notes in the corner: what was done. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const SHOWN_MS = 5_000;
let show: (text: string) => void = () => undefined;

export const say = (text: string): void => show(text);

export function Toasts(): VNode {
  const [notes, setNotes] = useState<readonly { id: number; text: string }[]>([]);
  useEffect(() => {
    let last = 0;
    show = (text) => {
      last += 1;
      const id = last;
      setNotes((before) => [...before, { id, text }]);
      setTimeout(() => setNotes((before) => before.filter((note) => note.id !== id)), SHOWN_MS);
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {notes.map(({ id, text }) => (
        <div key={id} class="note" data-tone="good">
          {text}
        </div>
      ))}
    </div>
  );
}
