/** The last integer id of each kind. A row, not a sequence: an id that a caller names moves it forward, never back. */
export const idSequences = `
  create table orderlog.id_sequences (
    name text primary key,
    last bigint not null default 0
  );
  insert into orderlog.id_sequences (name) values ('category'), ('product');
`;
