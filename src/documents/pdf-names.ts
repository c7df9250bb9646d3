/** What a PDF can do by itself shows in the names that it uses, wherever they stand. */

/** Each of these names belongs to a script, a program, a file within the file, a form that submits or rich media. */
const ACTIVE: ReadonlySet<string> = new Set([
  ...['JavaScript', 'JS', 'Launch', 'SubmitForm', 'ImportData', 'ResetForm', 'GoToE', 'GoToR', 'GoTo3DView'],
  ...['EmbeddedFiles', 'EmbeddedFile', 'EF', 'FileAttachment', 'XFA'],
  ...['RichMedia', 'RichMediaContent', 'RichMediaSettings', 'RichMediaExecute', 'Rendition'],
]);

/** And each of these after a name that says what a dictionary is; alone they mean other things too, a blend mode say. */
const ACTIVE_KINDS: ReadonlySet<string> = new Set(['Movie', 'Sound', 'Screen', '3D', 'PS']);
const SAYS_WHAT_IT_IS: ReadonlySet<string> = new Set(['S', 'Type', 'Subtype', 'Subtype2']);

const NAME = /\/([^\0\t\n\f\r ()<>[\]{}/%]*)/g;

/** Sees the names of a document in the order in which they stand, and remembers whether one of them is active. */
export class NameWatch {
  active = false;
  #previous = '';

  /** @param name decoded, without its slash */
  see(name: string): void {
    this.active ||= ACTIVE.has(name) || (ACTIVE_KINDS.has(name) && SAYS_WHAT_IT_IS.has(this.#previous));
    this.#previous = name;
  }

  /** A name that another object refers to, as what its dictionary is. */
  seeAlone(name: string): void {
    this.active ||= ACTIVE.has(name) || ACTIVE_KINDS.has(name);
  }

  /** All names of a text that no parser can read; other readers may be more patient with it. */
  seeText(text: string): void {
    for (const name of namesIn(text)) this.see(name);
  }
}

export function namesIn(text: string): string[] {
  return [...text.matchAll(NAME)].map(([, name = '']) =>
    name.replace(/#([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  );
}
