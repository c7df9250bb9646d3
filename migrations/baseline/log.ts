/**
 * The log. Only `append_events` appends. It holds one lock until its transaction ends, so that positions become visible in order
 * and leave no gap (docs/decisions/0001).
 */
export const log = `
  CREATE TABLE orderlog.events (
    position bigint PRIMARY KEY,
    stream text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    id uuid NOT NULL UNIQUE,
    type text COLLATE "C" NOT NULL,
    data json NOT NULL,
    metadata json NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (stream, revision)
  );

  CREATE FUNCTION orderlog.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'the log is append-only: % on orderlog.events is refused', TG_OP
      USING ERRCODE = 'restrict_violation';
  END $$;
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON orderlog.events
    FOR EACH STATEMENT EXECUTE FUNCTION orderlog.refuse_change();
  ALTER TABLE orderlog.events ENABLE ALWAYS TRIGGER append_only;

  -- The function of a trigger on the log's table, made when the log is moved to another server.
  CREATE FUNCTION orderlog.refuse_append() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'the log was moved to another server: start again, with EVENTSTORE_URL set to it'
      USING ERRCODE = 'read_only_sql_transaction';
  END $$;

  -- For appends of which at least one does not find what it expects: judges each by itself. Only append_events calls it.
  -- Outcome of an append: 'appended', 'repeated' (the stream has the same ids at these revisions already) or 'conflict'.
  -- last_revision is that of the last event of the append, or the actual one of the stream.
  CREATE FUNCTION orderlog.append_judged(
    streams text[], expected bigint[],
    appends int[], ids uuid[], types text[], datas text[], metadatas text[],
    actual bigint[], head bigint, now_ timestamptz
  ) RETURNS TABLE (append int, outcome text, last_revision bigint, last_position bigint, recorded timestamptz)
  LANGUAGE plpgsql AS $$
  BEGIN
    RETURN QUERY
    WITH new AS MATERIALIZED (
      SELECT u.n, u.id, u.type, u.data, u.metadata, row_number() OVER (PARTITION BY u.n ORDER BY u.i) AS nth
      FROM unnest(appends, ids, types, datas, metadatas) WITH ORDINALITY AS u (n, id, type, data, metadata, i)
    ), wanted AS MATERIALIZED (
      SELECT a.n::int AS n, a.stream, a.expected, a.actual, c.ids, cardinality(c.ids) AS count
      FROM unnest(streams, append_judged.expected, append_judged.actual) WITH ORDINALITY
        AS a (stream, expected, actual, n)
      JOIN (SELECT new.n, array_agg(new.id ORDER BY new.nth) AS ids FROM new GROUP BY new.n) AS c ON c.n = a.n
    ), judged AS MATERIALIZED (
      SELECT w.*, CASE
        WHEN w.expected = w.actual THEN 'appended'
        WHEN w.expected > w.actual THEN 'conflict'
        WHEN w.expected IS NOT NULL THEN
          CASE WHEN w.ids = ARRAY(SELECT e.id FROM orderlog.events e WHERE e.stream = w.stream
                                  AND e.revision > w.expected AND e.revision <= w.expected + w.count
                                  ORDER BY e.revision)
          THEN 'repeated' ELSE 'conflict' END
        WHEN (SELECT e.stream FROM orderlog.events e WHERE e.id = w.ids[w.count]) = w.stream THEN 'repeated'
        ELSE 'appended' END AS outcome
      FROM wanted w
    ), placed AS MATERIALIZED (
      SELECT j.*, head + sum(CASE j.outcome WHEN 'appended' THEN j.count ELSE 0 END) OVER (ORDER BY j.n)::bigint AS last
      FROM judged j
    ), inserted AS (
      INSERT INTO orderlog.events (position, stream, revision, id, type, data, metadata, recorded_at)
      SELECT p.last - p.count + new.nth, p.stream, p.actual + new.nth, new.id, new.type,
             new.data::json, new.metadata::json, now_
      FROM placed p JOIN new ON new.n = p.n
      WHERE p.outcome = 'appended'
      ORDER BY 1
    )
    SELECT p.n, p.outcome,
           CASE p.outcome WHEN 'appended' THEN p.actual + p.count WHEN 'repeated' THEN r.revision ELSE p.actual END,
           CASE p.outcome WHEN 'appended' THEN p.last WHEN 'repeated' THEN r.position END,
           CASE p.outcome WHEN 'appended' THEN now_ WHEN 'repeated' THEN r.recorded_at END
    FROM placed p
    LEFT JOIN LATERAL (
      SELECT e.revision, e.position, e.recorded_at FROM orderlog.events e
      WHERE p.outcome = 'repeated' AND e.id = p.ids[p.count] LIMIT 1
    ) AS r ON true
    ORDER BY p.n;
  END $$;

  -- One row an append: its stream and the revision that it expects (-1 no stream, null any). One row an event: the number of
  -- its append, from 1, ascending, and its content. Every stream occurs once.
  -- Returns one row with outcome 'all' and the last position if every append found what it expected: the caller knows the
  -- rest. Otherwise one row an append, as append_judged returns them.
  -- Postgres plans while the log is small and keeps the plans. The settings exclude plans that suit a small log only.
  CREATE FUNCTION orderlog.append_events(
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
    -- This must see what others committed while it waited for the lock.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION 'events are appended at isolation level read committed only';
    END IF;
    -- An acknowledged append is on disk. (A SET of the function would end before the transaction commits.)
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
      -- A notification holds less than 8,000 bytes; without the categories every follower reads.
      PERFORM pg_notify('orderlog_log', json_build_object('first', head + 1, 'last', head + added, 'categories',
        CASE WHEN octet_length(categories_) < 7000 THEN categories_::json END)::text);
    END IF;
  END $$;
`;
