import { claimKind } from '../engine/index.js';

/** An e-mail address belongs to one user. The id of its stream is the keyed hash of the comparable address. */
export const emailClaims = claimKind({
  category: 'userEmail',
  claimed: 'EmailClaimed',
  released: 'EmailReleased',
  taken: 'email-taken',
  takenMessage: 'The e-mail address belongs to another user, or is being registered right now.',
});
