/** What the tables, columns and functions of the schema `orderlog` are for, as docs/schema.md says it. Read models say it themselves. */
export const meanings: Readonly<Record<string, string>> = {
  'orderlog.events': 'The log. Written by `append_events` alone; a change or removal of a row is refused.',
  'orderlog.events.position': 'from 1, without gaps',
  'orderlog.events.stream': '`<category>-<id>`',
  'orderlog.events.revision': 'number in the stream, from 0',
  'orderlog.events.id': 'of the event; drawn or derived',
  'orderlog.events.type': 'one of [events.md](events.md)',
  'orderlog.events.data': 'the fact; personal fields sealed',
  'orderlog.events.metadata': 'where it came from',
  'orderlog.events.recorded_at': 'by the clock of the database; never runs backwards',

  'orderlog.user_keys':
    "The users' keys, wrapped by the master key. A destroyed key keeps its row, so that no second one is made.",
  'orderlog.user_keys.user_id': 'whose key it is',
  'orderlog.user_keys.wrapped': 'the wrapped key; null once destroyed',
  'orderlog.user_keys.created_at': '',
  'orderlog.user_keys.destroyed_at': 'when it was destroyed',

  'orderlog.secrets': "The deployment's secrets, wrapped by the master key.",
  'orderlog.secrets.name':
    '`hash-key`: key of derived ids, hashes of addresses and fingerprints, never changed; `master-key-id`: which master key wraps, since the first rotation',
  'orderlog.secrets.wrapped': 'the wrapped secret; of `master-key-id`, the id as it is',
  'orderlog.secrets.created_at': '',

  'orderlog.api_keys': "Callers' API keys. Not in a backup ([why](decisions/0018-access.md)).",
  'orderlog.api_keys.key_id': 'the part of the key that finds it',
  'orderlog.api_keys.hash': 'SHA-256 of the whole key',
  'orderlog.api_keys.role': '`customer`, `clerk` or `admin`',
  'orderlog.api_keys.user_id': 'of a customer; otherwise null',
  'orderlog.api_keys.created_at': '',
  'orderlog.api_keys.last_used_at': 'to the minute; null while it was never used',
  'orderlog.api_keys.revoked_at': 'since when it is refused; null while it is valid',

  'orderlog.builds':
    'The builds of each read model, and which of them is read ([why](decisions/0010-rebuild-and-switch.md)).',
  'orderlog.builds.model': 'name of the read model',
  'orderlog.builds.number': 'the n of its schema `rm_<model>_v<n>`',
  'orderlog.builds.version': 'of the projection that made it and writes it',
  'orderlog.builds.state': '`active`, `standby`, or of a candidate `building` and then `ready`',
  'orderlog.builds.made_at': '',
  'orderlog.builds.switched_at': 'when it last became the active one',
  'orderlog.builds.kept_until': 'when it may be dropped; null while it is needed',

  'orderlog.checkpoints': 'How far each build of each read model is, and which process works on it.',
  'orderlog.checkpoints.model': 'name of the read model',
  'orderlog.checkpoints.build': 'number of the build',
  'orderlog.checkpoints.position': 'everything up to here has taken effect; empty at the start',
  'orderlog.checkpoints.events': 'how many events took effect',
  'orderlog.checkpoints.state': '`idle`, `running` or `stopped`',
  'orderlog.checkpoints.error': 'why it has stopped: the event and the message',
  'orderlog.checkpoints.lease_owner': 'the process that may write it',
  'orderlog.checkpoints.lease_epoch': "grows with every owner; a page is written under its owner's epoch only",
  'orderlog.checkpoints.lease_until': 'when the lease is free, unless it is renewed',
  'orderlog.checkpoints.progressed_at': 'when the checkpoint last moved',

  'orderlog.checkpoints.subscription':
    'what the owner last said of its subscription to the log; null where the log has nothing to say of one',
  'orderlog.checkpoints.quarantined': 'how many keys are quarantined',

  'orderlog.quarantine':
    'Quarantined keys: each waits at an event that can not be applied ([why](decisions/0012-quarantine.md)).',
  'orderlog.quarantine.model': 'name of the read model',
  'orderlog.quarantine.build': 'number of the build',
  'orderlog.quarantine.stream': 'the key: an order or a user, as its stream',
  'orderlog.quarantine.revision': 'of the event that could not be applied',
  'orderlog.quarantine.position': 'of that event',
  'orderlog.quarantine.type': 'of that event',
  'orderlog.quarantine.message': 'why it could not be applied',
  'orderlog.quarantine.since': '',

  'orderlog.skipped_events': 'Events that an operator has had skipped: no build of the model takes them.',
  'orderlog.skipped_events.model': 'name of the read model',
  'orderlog.skipped_events.stream': '',
  'orderlog.skipped_events.revision': '',
  'orderlog.skipped_events.position': '',
  'orderlog.skipped_events.type': '',
  'orderlog.skipped_events.message': 'why it could not be applied',
  'orderlog.skipped_events.reason': 'the reason that the operator gave',
  'orderlog.skipped_events.skipped_at': '',

  'orderlog.log_identity': 'One row: the log that the read models of this database are made from.',
  'orderlog.log_identity.only_row': '',
  'orderlog.log_identity.log_id': 'its id, from its first event',
  'orderlog.log_identity.kind': '`postgres` (the table `events`) or `eventstoredb`',
  'orderlog.log_identity.since': '',

  'orderlog.id_sequences': 'The integer ids given out. A given id beyond the last moves it on.',
  'orderlog.id_sequences.name': '`category` or `product`',
  'orderlog.id_sequences.last': 'the last id given out',

  'orderlog.idempotency_keys':
    'Commands with an idempotency key, and what was answered ([why](decisions/0019-stored-responses.md)). Without a row, a retry is answered from the log.',
  'orderlog.idempotency_keys.command_id': 'follows from caller, method, path and key',
  'orderlog.idempotency_keys.fingerprint': 'keyed digest of the request',
  'orderlog.idempotency_keys.held_by':
    'number of the process that runs or ran the command; its shared advisory lock (7402, number) says that it lives',
  'orderlog.idempotency_keys.user_id': 'the user whom request or response names',
  'orderlog.idempotency_keys.claimed_at': 'when the command began to run',
  'orderlog.idempotency_keys.response': 'status, headers and body, sealed; null while the command runs',

  'orderlog.as_of_builds':
    'As-of builds, each in a schema `asof_<model>_<n>` ([why](decisions/0011-as-of.md)). Unlogged: a crash of the database empties it.',
  'orderlog.as_of_builds.number': 'the n of its schema; never given twice',
  'orderlog.as_of_builds.model': 'name of the read model',
  'orderlog.as_of_builds.version': 'of the projection that made it',
  'orderlog.as_of_builds.state': '`building`, or `ready` to be read',
  'orderlog.as_of_builds.position': 'of the last event that concerns the model',
  'orderlog.as_of_builds.holds_to': 'up to here it is known that no further event concerns the model',
  'orderlog.as_of_builds.next_event': 'the first event that does; null as long as none was met',
  'orderlog.as_of_builds.events': 'how many events took effect',
  'orderlog.as_of_builds.row_count': '',
  'orderlog.as_of_builds.bytes': 'its size, indexes included',
  'orderlog.as_of_builds.held': 'its quarantined keys: stream and revision of the event that could not be applied',
  'orderlog.as_of_builds.skipped': 'how many events were left out as an operator had them skipped',
  'orderlog.as_of_builds.made_at': '',
  'orderlog.as_of_builds.used_at': 'when it was last read or found, to the second',

  'orderlog.log_times':
    'The recorded times of a log on EventStoreDB, which has no index by time: an entry every thousand events.',
  'orderlog.log_times.position': 'of an event',
  'orderlog.log_times.latest': 'the latest recorded time up to there',

  'orderlog.migrations': 'Which migrations were applied.',
  'orderlog.migrations.id': '',
  'orderlog.migrations.name': 'file in `migrations/`, without its extension',
  'orderlog.migrations.batch': '',
  'orderlog.migrations.migration_time': '',
  'orderlog.migrations_lock': 'Kept by the migration library; not relied upon.',
  'orderlog.migrations_lock.index': '',
  'orderlog.migrations_lock.is_locked': '',

  'orderlog.append_events()':
    'the only way into the log: many appends in one transaction, under one lock ([why](decisions/0001-positions-and-group-commit.md))',
  'orderlog.append_judged()': 'the part of it for appends that do not all find what they expect; called by it alone',
  'orderlog.refuse_append()': 'refuses appends, once the log was moved to another server',
  'orderlog.refuse_change()': 'refuses changes of the log',
};
