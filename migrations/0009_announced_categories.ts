import type { Knex } from 'knex';

/**
 * An append says of which categories its streams are, no longer of which types its events are: whoever follows categories sees
 * also what is of a type that his release does not know (docs/decisions/0012). Processes of the release before find no types,
 * and ask the log. The rest of the function is as it was.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE OR REPLACE FUNCTION orderlog.append_events(
      streams text[], expected bigint[],
      appends int[], ids uuid[], types text[], datas text[], metadatas text[]
    ) RETURNS TABLE (append int, outcome text, last_revision bigint, last_position bigint, recorded timestamptz)
    LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
    DECLARE
      head bigint;
      now_ timestamptz;
      last_ timestamptz;
      actual bigint[];
      added bigint;
      categories_ text;
    BEGIN
      -- What others committed while this waited for the lock has to be seen.
      IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'events are appended at isolation level read committed only';
      END IF;
      -- An acknowledged append is on disk. (A SET of the function would be gone again when the transaction commits.)
      IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
      END IF;
      PERFORM pg_advisory_xact_lock(7401, 1);
      SELECT e.position, e.recorded_at INTO head, last_ FROM orderlog.events e ORDER BY e.position DESC LIMIT 1;
      head := coalesce(head, 0);
      -- The clock of the log never runs backwards.
      now_ := greatest(date_trunc('milliseconds', clock_timestamp()), last_);
      actual := ARRAY(
        SELECT coalesce((SELECT e.revision FROM orderlog.events e WHERE e.stream = s.stream
                         ORDER BY e.revision DESC LIMIT 1), -1)
        FROM unnest(streams) WITH ORDINALITY AS s (stream, n) ORDER BY s.n);

      IF actual = expected THEN
        added := cardinality(ids);
        INSERT INTO orderlog.events (position, stream, revision, id, type, data, metadata, recorded_at)
        SELECT head + u.i, streams[u.n], actual[u.n] + row_number() OVER (PARTITION BY u.n ORDER BY u.i),
               u.id, u.type, u.data::json, u.metadata::json, now_
        FROM unnest(appends, ids, types, datas, metadatas) WITH ORDINALITY AS u (n, id, type, data, metadata, i);
        RETURN QUERY SELECT 0, 'all', NULL::bigint, head + added, now_;
      ELSE
        RETURN QUERY SELECT * FROM orderlog.append_judged(
          streams, expected, appends, ids, types, datas, metadatas, actual, head, now_);
        SELECT count(*) INTO added FROM orderlog.events e WHERE e.position > head;
      END IF;

      IF added > 0 THEN
        SELECT json_agg(DISTINCT split_part(s, '-', 1)) INTO categories_ FROM unnest(streams) AS s;
        -- A notification holds less than 8,000 bytes; without the categories it concerns everyone.
        PERFORM pg_notify('orderlog_log', json_build_object('first', head + 1, 'last', head + added, 'categories',
          CASE WHEN octet_length(categories_) < 7000 THEN categories_::json END)::text);
      END IF;
    END $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE OR REPLACE FUNCTION orderlog.append_events(
      streams text[], expected bigint[],
      appends int[], ids uuid[], types text[], datas text[], metadatas text[]
    ) RETURNS TABLE (append int, outcome text, last_revision bigint, last_position bigint, recorded timestamptz)
    LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
    DECLARE
      head bigint;
      now_ timestamptz;
      last_ timestamptz;
      actual bigint[];
      added bigint;
      types_ text;
    BEGIN
      -- What others committed while this waited for the lock has to be seen.
      IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'events are appended at isolation level read committed only';
      END IF;
      -- An acknowledged append is on disk. (A SET of the function would be gone again when the transaction commits.)
      IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
      END IF;
      PERFORM pg_advisory_xact_lock(7401, 1);
      SELECT e.position, e.recorded_at INTO head, last_ FROM orderlog.events e ORDER BY e.position DESC LIMIT 1;
      head := coalesce(head, 0);
      -- The clock of the log never runs backwards.
      now_ := greatest(date_trunc('milliseconds', clock_timestamp()), last_);
      actual := ARRAY(
        SELECT coalesce((SELECT e.revision FROM orderlog.events e WHERE e.stream = s.stream
                         ORDER BY e.revision DESC LIMIT 1), -1)
        FROM unnest(streams) WITH ORDINALITY AS s (stream, n) ORDER BY s.n);

      IF actual = expected THEN
        added := cardinality(ids);
        INSERT INTO orderlog.events (position, stream, revision, id, type, data, metadata, recorded_at)
        SELECT head + u.i, streams[u.n], actual[u.n] + row_number() OVER (PARTITION BY u.n ORDER BY u.i),
               u.id, u.type, u.data::json, u.metadata::json, now_
        FROM unnest(appends, ids, types, datas, metadatas) WITH ORDINALITY AS u (n, id, type, data, metadata, i);
        RETURN QUERY SELECT 0, 'all', NULL::bigint, head + added, now_;
      ELSE
        RETURN QUERY SELECT * FROM orderlog.append_judged(
          streams, expected, appends, ids, types, datas, metadatas, actual, head, now_);
        SELECT count(*) INTO added FROM orderlog.events e WHERE e.position > head;
      END IF;

      IF added > 0 THEN
        SELECT json_agg(DISTINCT t) INTO types_ FROM unnest(types) AS t;
        -- A notification holds less than 8,000 bytes; without the types it concerns everyone.
        PERFORM pg_notify('orderlog_log', json_build_object('first', head + 1, 'last', head + added, 'types',
          CASE WHEN octet_length(types_) < 7000 THEN types_::json END)::text);
      END IF;
    END $$;
  `);
}
