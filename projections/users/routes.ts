import { z } from 'zod';
import { type Freshness, type Position, Refusal } from '../../src/engine/index.js';
import { queryHead } from '../../src/http/answers.js';
import type { App } from '../../src/http/app-type.js';
import { freshnessOf } from '../../src/http/freshness.js';
import { type Cursors, listAnswer } from '../../src/http/list.js';
import type { PositionTokens } from '../../src/http/position-token.js';
import { type FrozenModel, LIST_TYPES, type Range, type Sheet, type WholeLists } from '../../src/http/whole-list.js';
import { dataOf, email, listOf, listQuery, uuid } from '../../src/http/schemas.js';
import { userAnswer, type UserAnswer } from '../../src/user/answer.js';
import type { UserKey, UserList, UserListOptions, Users } from './read-model.js';

/** What opens a document. */
export interface ProofKey {
  readonly document_id: string;
  readonly key: string;
}

export interface UserQueryDeps {
  readonly users: Users;
  readonly whole: WholeLists;
  readonly freeze: () => Promise<FrozenModel<Users>>;
  readonly tokens: PositionTokens;
  readonly cursors: Cursors;
  readonly emailHash: (email: string) => string;
  /** What the read model does not know yet, from the stream. */
  readonly fromStream: (
    userId: string,
  ) => Promise<{ position: Position; user: UserAnswer; idProof: ProofKey | null } | null>;
  /** @throws Error when the document is not there */
  readonly openDocument: (proof: ProofKey) => Promise<{ readonly bytes: number; readonly content: unknown }>;
}

const sheet: Sheet<UserAnswer> = {
  columns: [
    ...['user_id', 'name', 'email', 'status', 'id_proof_sha256', 'id_proof_bytes', 'id_proof_uploaded_at'],
    ...['registered_at', 'updated_at', 'revision'],
  ],
  cells: ({ id_proof, ...user }) => ({
    ...user,
    id_proof_sha256: id_proof && id_proof.sha256,
    id_proof_bytes: id_proof && id_proof.bytes,
    id_proof_uploaded_at: id_proof && id_proof.uploaded_at,
  }),
};
const tags = ['users'];
const params = z.strictObject({ user_id: uuid });
const sort = z.enum(['-registered_at', 'registered_at']).default('-registered_at');
const key = z.strictObject({ registered_at: z.string(), position: z.string() }) as unknown as z.ZodType<UserKey>;

export function userQueries(app: App, deps: UserQueryDeps): void {
  const { users, tokens, cursors } = deps;

  app.get(
    '/v1/users',
    {
      config: { kind: 'query', produces: LIST_TYPES },
      schema: {
        operationId: 'listUsers',
        summary: 'Users, newest first; with email, the one user who has the address',
        tags,
        querystring: listQuery.extend({ email: email.optional(), sort }),
        response: { 200: listOf(userAnswer) },
      },
    },
    async (request, reply) => {
      const { limit, cursor, email: address } = request.query;
      const oldestFirst = request.query.sort === 'registered_at';
      const freshness = freshnessOf(request.headers, tokens);
      const asked = (model: Users, range: UserListOptions, fresh?: Freshness): Promise<UserList> =>
        address === undefined
          ? model.newest({ ...range, oldestFirst }, fresh)
          : model.byEmail(deps.emailHash(address), fresh);
      if (deps.whole.isAskedFor(request)) {
        return deps.whole.send(request, reply, {
          ...{ name: 'users', sheet, live: users, freeze: deps.freeze, freshness },
          page: async (model, range: Range<UserKey>, fresh) => {
            const { users: items, ...page } = await asked(model, range, fresh);
            return { ...page, items };
          },
        });
      }
      const list = address !== undefined ? 'users by email' : oldestFirst ? 'users, oldest first' : 'users';
      const after = cursors.decode(list, key, cursor);
      const page = await asked(users, { limit, after }, freshness);
      queryHead(reply, tokens, page);
      return listAnswer(request, reply, [...page.users], page.next && cursors.encode(list, page.next));
    },
  );

  app.get(
    '/v1/users/:user_id',
    {
      config: { kind: 'query', tagged: true, problems: ['user-not-found'] },
      schema: { operationId: 'getUser', summary: 'A user', tags, params, response: { 200: dataOf(userAnswer) } },
    },
    async (request, reply) => {
      const { user_id } = request.params;
      const known = await users.user(user_id, freshnessOf(request.headers, tokens));
      const found = known.user ? known : ((await deps.fromStream(user_id)) ?? known);
      if (!found.user) throw notFound();
      queryHead(reply, tokens, found, found.user.revision);
      return { data: found.user };
    },
  );

  app.get(
    '/v1/users/:user_id/id-proof',
    {
      config: { kind: 'query', produces: ['application/pdf'], problems: ['user-not-found', 'id-proof-not-found'] },
      schema: { operationId: 'downloadIdProof', summary: 'The proof of identity', tags, params },
    },
    async (request, reply) => {
      const { user_id } = request.params;
      const known = await users.idProof(user_id, freshnessOf(request.headers, tokens));
      const stream = known.idProof ? null : await deps.fromStream(user_id);
      const idProof = known.idProof ?? stream?.idProof ?? null;
      if (!idProof && !stream) throw notFound();
      if (!idProof) throw new Refusal('id-proof-not-found', 'The user has no proof of identity.');
      const { bytes, content } = await deps.openDocument(idProof);
      queryHead(reply, tokens, stream ?? known);
      return reply
        .header('content-type', 'application/pdf')
        .header('content-length', String(bytes))
        .header('content-disposition', 'attachment; filename="id-proof.pdf"')
        .header('x-content-type-options', 'nosniff')
        .header('content-security-policy', 'sandbox')
        .send(content);
    },
  );
}

function notFound(): Refusal {
  return new Refusal('user-not-found', 'There is no such user.');
}
