import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Claims, type CommandHandler, type Outcome, Refusal } from '../engine/index.js';
import { commandAnswer, type ReplyHead } from '../http/answers.js';
import type { App } from '../http/app-type.js';
import { commandContext, type HashKey } from '../http/command-context.js';
import { ifMatchOf, revisionGuard } from '../http/etag.js';
import type { ClaimKey } from '../http/idempotency/answer-once.js';
import type { PositionTokens } from '../http/position-token.js';
import { dataOf, email, name, noBody, uuid } from '../http/schemas.js';
import type { Turns } from '../http/turns.js';
import { type FormShape, receiveForm, uploadRoutes } from '../http/uploads.js';
import { answerUser, erasureReceipt, userAnswer, type UserAnswer } from './answer.js';
import { changeUserDetails } from './change-details.js';
import type { EmailAddress, IdProof } from './commands.js';
import type { UserState } from './decider.js';
import { eraseUser, type ErasureDeps } from './erase.js';
import { registerUser } from './register.js';
import { userStream } from './stream.js';

export interface UserRouteDeps {
  readonly handler: CommandHandler;
  readonly hashKey: HashKey;
  readonly tokens: PositionTokens;
  readonly claimKey: ClaimKey;
  readonly emailClaims: Claims;
  /** An address with what it is claimed under. */
  readonly addressOf: (email: string) => EmailAddress;
  readonly proofs: IdProofStore;
  readonly erasures: ErasureDeps;
}

/** A proof that has been accepted and stored; no event names it yet. */
type StoredProof = Omit<IdProof, 'uploaded_at'>;

export interface IdProofStore {
  readonly maxBytes: number;
  /** @throws Refusal id-proof-missing, id-proof-not-pdf, id-proof-encrypted, id-proof-damaged, overloaded */
  readonly store: FormShape<unknown, StoredProof>['store'];
  readonly documents: {
    remove(documentId: string): Promise<void>;
    /** Whether it is there and opens. */
    opens(documentId: string, key: string): Promise<boolean>;
  };
  readonly pieces: Turns;
  /** For what comes when a proof is there: it must not slow others down. */
  readonly inTurn: Turns['run'];
}

const tags = ['users'];
const params = z.strictObject({ user_id: uuid });
const details = z.strictObject({ name, email });
const nothing = z.strictObject({});
const file = z.any().meta({ type: 'string', format: 'binary', description: 'A PDF' });
const proofProblems = [
  'id-proof-missing',
  'id-proof-not-pdf',
  'id-proof-encrypted',
  'id-proof-active-content',
  'id-proof-damaged',
  'payload-too-large',
] as const;

export async function userRoutes(app: App, deps: UserRouteDeps): Promise<void> {
  await uploadRoutes(app, (scope) => {
    registration(scope, deps);
    replacement(scope, deps);
  });
  erasure(app, deps);
  app.patch(
    '/v1/users/:user_id',
    {
      config: { kind: 'command', tagged: true, problems: ['user-not-found', 'user-erased', 'email-taken'] },
      schema: {
        operationId: 'changeUserDetails',
        summary: "Change a user's name or e-mail address",
        tags,
        params,
        body: details.partial(),
        response: { 200: dataOf(userAnswer) },
      },
    },
    async (request, reply) => {
      const { user_id } = request.params;
      const { name: newName, email: address } = request.body;
      const context = commandContext(request, deps.hashKey, 'ChangeUserDetails', { user_id, ...request.body });
      const outcome = await changeUserDetails(
        deps.handler,
        deps.emailClaims,
        user_id,
        {
          type: 'ChangeUserDetails',
          ...(newName !== undefined && { name: newName }),
          ...(address !== undefined && { address: deps.addressOf(address) }),
          at: context.now,
        },
        context,
        revisionGuard(ifMatchOf(request.headers)),
      );
      return answer(reply, deps.tokens, outcome);
    },
  );
}

function erasure(app: App, { hashKey, tokens, erasures }: UserRouteDeps): void {
  app.post(
    '/v1/users/:user_id/erase',
    {
      config: { kind: 'command', tagged: true, problems: ['user-not-found'] },
      schema: {
        operationId: 'eraseUser',
        summary: 'Erase a user: everything personal is destroyed for good',
        tags,
        params,
        body: noBody,
        response: { 200: dataOf(erasureReceipt) },
      },
    },
    async (request, reply) => {
      const { user_id } = request.params;
      const context = commandContext(request, hashKey, 'EraseUser', { user_id });
      const erased = await eraseUser(erasures, user_id, context, revisionGuard(ifMatchOf(request.headers)));
      return commandAnswer(reply, tokens, { ...erased, data: erased.receipt });
    },
  );
}

function registration(scope: App, deps: UserRouteDeps): void {
  const { handler, hashKey, tokens, emailClaims, proofs } = deps;
  scope.post(
    '/v1/users',
    {
      config: {
        kind: 'command',
        tagged: true,
        form: details.extend({ id_proof: file }),
        problems: ['email-taken', ...proofProblems],
      },
      schema: {
        operationId: 'registerUser',
        summary: 'Register a user',
        tags,
        response: { 201: dataOf(userAnswer) },
      },
    },
    async (request, reply) => {
      const { fields, stored } = await receiveForm(request, proofForm(deps, request, details));
      return keptIfNamed(proofs, stored, async () => {
        const content = { ...fields, sha256: stored.sha256 };
        const context = commandContext(request, hashKey, 'RegisterUser', content);
        const user_id = context.newId('user');
        const outcome = await registerUser(
          handler,
          emailClaims,
          {
            type: 'RegisterUser',
            user_id,
            name: fields.name,
            ...deps.addressOf(fields.email),
            id_proof: idProofOf(stored, context.now),
            at: context.now,
          },
          context,
        );
        return [outcome, answer(reply, tokens, outcome, `/v1/users/${user_id}`)];
      });
    },
  );
}

function replacement(scope: App, deps: UserRouteDeps): void {
  const { handler, hashKey, tokens, proofs } = deps;
  scope.put(
    '/v1/users/:user_id/id-proof',
    {
      config: {
        kind: 'command',
        tagged: true,
        form: z.strictObject({ id_proof: file }),
        problems: ['user-not-found', 'user-erased', ...proofProblems],
      },
      schema: {
        operationId: 'replaceIdProof',
        summary: 'Replace the proof of identity',
        tags,
        params,
        response: { 200: dataOf(userAnswer) },
      },
    },
    async (request, reply) => {
      const { user_id } = request.params;
      const { stored } = await receiveForm(request, proofForm(deps, request, nothing));
      return keptIfNamed(proofs, stored, async () => {
        const context = commandContext(request, hashKey, 'ReplaceIdProof', { user_id, sha256: stored.sha256 });
        const command = async () =>
          ({
            type: 'ReplaceIdProof',
            id_proof: idProofOf(stored, context.now),
            ...(await lostProof(deps, user_id, stored)),
            at: context.now,
          }) as const;
        const guard = revisionGuard(ifMatchOf(request.headers));
        const outcome = await handler.execute(userStream, user_id, command, context, { guard });
        return [outcome, answer(reply, tokens, outcome)];
      });
    },
  );
}

/** The same proof again changes nothing, unless the document that the user has is lost. */
async function lostProof(
  { handler, proofs }: UserRouteDeps,
  userId: string,
  { sha256 }: StoredProof,
): Promise<{ lost_document_id?: string }> {
  const current = (await handler.load(userStream, userId)).state?.id_proof;
  if (current?.sha256 !== sha256) return {};
  const { document_id, key } = current;
  const isThere = key !== null && (await proofs.documents.opens(document_id, key));
  return isThere ? {} : { lost_document_id: document_id };
}

function proofForm<Fields>(
  { proofs, claimKey }: UserRouteDeps,
  request: FastifyRequest,
  fields: z.ZodType<Fields>,
): FormShape<Fields, StoredProof> {
  return {
    fields,
    file: 'id_proof',
    maxBytes: proofs.maxBytes,
    pieces: proofs.pieces,
    store: proofs.store,
    claim: (content) => claimKey(request, content),
    discard: ({ document_id }) => proofs.documents.remove(document_id),
  };
}

/** A document that no event has come to name is removed again. If it is unknown whether one has, it stays. */
async function keptIfNamed<T>(
  proofs: IdProofStore,
  stored: StoredProof,
  command: () => Promise<readonly [Outcome<UserState>, T]>,
): Promise<T> {
  try {
    const [{ state }, result] = await proofs.inTurn(command);
    if (state?.id_proof?.document_id !== stored.document_id) await proofs.documents.remove(stored.document_id);
    return result;
  } catch (error) {
    if (error instanceof Refusal) await proofs.documents.remove(stored.document_id);
    throw error;
  }
}

function idProofOf({ document_id, bytes, sha256, key }: StoredProof, uploaded_at: string): IdProof {
  return { document_id, bytes, sha256, key, uploaded_at };
}

function answer(
  reply: ReplyHead,
  tokens: PositionTokens,
  outcome: Outcome<UserState>,
  location?: string,
): { data: UserAnswer } {
  if (!outcome.state) throw new Refusal('user-not-found', 'There is no such user.');
  const data = answerUser(outcome.state, outcome.revision);
  // A retry of what was recorded before the erasure: its answer can't be given any more.
  if (data.name === null) throw new Refusal('user-erased', 'The user has been erased.');
  return commandAnswer(reply, tokens, { data, location, ...outcome });
}
