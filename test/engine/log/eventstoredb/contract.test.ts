import t from 'tap';
import { eventStoreDbLog } from '../../../support/event-store/eventstoredb-log.js';
import { eventStoreContract } from '../../../support/event-store-contract.js';

await eventStoreContract(t, 'eventstoredb', eventStoreDbLog);
