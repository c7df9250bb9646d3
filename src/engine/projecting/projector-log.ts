/** What the projector says of itself; a pino logger fits. No fields but names, places and messages of errors. */
export interface ProjectorLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
