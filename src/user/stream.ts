import { type StreamBinding, streamName } from '../engine/index.js';
import type { UserCommand } from './commands.js';
import { userDecider, type UserState } from './decider.js';
import { userEvents, type UserFact } from './events.js';

export const userStream: StreamBinding<UserState, UserCommand, UserFact> = {
  name: (id) => streamName('user', id),
  types: userEvents,
  decider: userDecider,
};
