import t from 'tap';
import { postgresLog } from '../../support/event-store/postgres-log.js';
import { eventStoreContract } from '../../support/event-store-contract.js';

await eventStoreContract(t, 'postgres', postgresLog);
