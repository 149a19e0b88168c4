import { createHash } from 'node:crypto'
import { removedWithEach } from '../idempotency.ts'
import { permissionColumns, sessionColumns, taskColumns } from '../records.ts'
import { usageCounters, usageKey, usageSums } from '../usage-rows.ts'
import { appendErrors } from './append-errors.ts'
import { applySimple, columnsBut, turnSet } from './apply-simple.ts'

// The same as `apply-write.ts`, as functions in the database: a write costs one round trip, and so do five hundred.
// Their names end with a digest of their text, so that programs of several versions can share a database.

const counters = ['last_sequence', 'message_count']
const sessionSet = columnsBut(sessionColumns.kinds, ['id', 'tenant_id', ...counters])
const permissionSet = columnsBut(permissionColumns.kinds, ['id', 'tenant_id', 'session_id'])
const taskSet = columnsBut(taskColumns.kinds, ['id', 'tenant_id', 'session_id', 'started_at'])

const toExcluded = (columns: readonly string[]) =>
  columns.map(column => `${column} = excluded.${column}`).join(', ')

/** Whether the session is the writer's, where the write has a fence. */
const isOwned = `not w ? 'fence' or owner = w #>> '{fence,owner}' and epoch = (w #>> '{fence,epoch}')::bigint`

const applyWrite = `
create or replace function apply_write(w jsonb, expected bigint) returns jsonb language plpgsql as $body$
declare
  sid text := w ->> 'session';
  tid text := w ->> 'tenant';
  active bigint;
  counts record;
  base bigint;
  messages bigint := coalesce((w ->> 'messages')::bigint, 0);
  added bigint := coalesce(jsonb_array_length(w -> 'events'), 0);
  item jsonb;
  copied bigint := 0;
  head bigint := 0;
  changed bigint;
begin
  if sid is null then
    if w ? 'fence' then
      sid := w #>> '{fence,sessionId}';
      tid := w #>> '{fence,tenantId}';
      -- A claim at this moment waits for the end of the transaction.
      perform 1 from sessions where id = sid and tenant_id = tid and (${isOwned}) for share;
      if not found then perform refuse_write(w, sid, tid, null); end if;
    end if;
    perform append_lines(w -> 'transcript');
    return '{}';
  end if;

  if w ? 'create' then
    if exists (select 1 from sessions where id = sid) then
      return jsonb_build_object('active', 1, 'level', 'id');
    end if;
    select count(*) into active from sessions where status = 'active';
    if active >= (w #>> '{create,limit}')::bigint then return jsonb_build_object('active', active); end if;
    if w #> '{create,ofKey}' is not null then
      select count(*) into active from sessions
        where tenant_id = tid and created_by = w #>> '{create,columns,created_by}' and status = 'active';
      if active >= (w #>> '{create,ofKey}')::bigint then
        return jsonb_build_object('active', active, 'level', 'key');
      end if;
    end if;
    if w #> '{create,ofTenant}' is not null then
      select count(*) into active from sessions where tenant_id = tid and status = 'active';
      if active >= (w #>> '{create,ofTenant}')::bigint then
        return jsonb_build_object('active', active, 'level', 'tenant');
      end if;
    end if;
    insert into sessions select * from jsonb_populate_record(null::sessions,
      (w #> '{create,columns}') || '{"turn_count": 0, "trimmed_through": 0, "trimmed_messages": 0}');
  end if;

  if w ? 'columns' then
    update sessions s set (${sessionSet.join(', ')}) =
        (select ${sessionSet.map(column => `p.${column}`).join(', ')} from jsonb_populate_record(s, w -> 'columns') p),
      last_sequence = last_sequence + added, message_count = message_count + messages,
      turn_count = turn_count + (w ? 'turn')::int
      where id = sid and tenant_id = tid and last_sequence = expected and (${isOwned})
      returning last_sequence, message_count, turn_count, trimmed_messages into counts;
  else
    update sessions set
      last_sequence = last_sequence + added, message_count = message_count + messages,
      turn_count = turn_count + (w ? 'turn')::int
      where id = sid and tenant_id = tid and last_sequence = expected and (${isOwned})
      returning last_sequence, message_count, turn_count, trimmed_messages into counts;
  end if;
  if counts is null then
    perform refuse_write(w, sid, tid, expected);
  end if;
  base := counts.last_sequence - added;

  for item in select value from jsonb_array_elements(w -> 'turns') loop
    if item ? 'columns' then
      update turns t set (${turnSet.join(', ')}) =
          (select ${turnSet.map(column => `p.${column}`).join(', ')} from jsonb_populate_record(t, item -> 'columns') p),
        first_sequence = coalesce(first_sequence, base + (item ->> 'first')::bigint),
        last_sequence = coalesce(base + (item ->> 'last')::bigint, last_sequence)
        where id = item ->> 'id' and session_id = sid and tenant_id = tid;
    else
      update turns set
        first_sequence = coalesce(first_sequence, base + (item ->> 'first')::bigint),
        last_sequence = coalesce(base + (item ->> 'last')::bigint, last_sequence)
        where id = item ->> 'id' and session_id = sid and tenant_id = tid;
    end if;
    if not found then
      raise exception 'There is no turn % in session %', item ->> 'id', sid using errcode = '${appendErrors.noTurn}';
    end if;
  end loop;

  if w ? 'turn' then
    item := w -> 'turn';
    insert into turns select * from jsonb_populate_record(null::turns, (item -> 'columns') || jsonb_build_object(
      'number', counts.turn_count,
      'first_sequence', base + (item ->> 'first')::bigint,
      'last_sequence', base + (item ->> 'last')::bigint));
    for item in select jsonb_build_object('id', value, 'turn', w #> '{turn,columns,id}')
      from jsonb_array_elements(w #> '{turn,attachments}') loop
      perform 1 from attachments where id = item ->> 'id' and session_id = sid and tenant_id = tid and complete = 1
        for key share;
      if not found then
        raise exception '%', item ->> 'id' using errcode = '${appendErrors.noAttachment}';
      end if;
      insert into turn_attachments (turn_id, attachment_id) values (item ->> 'turn', item ->> 'id');
    end loop;
  end if;

  if w ? 'templates' then
    insert into payload_templates (session_id, hash, tenant_id, text)
      select sid, value ->> 'hash', tid, value ->> 'text' from jsonb_array_elements(w -> 'templates')
      on conflict do nothing;
  end if;
  if added > 0 then
    head := advance_feed(added);
    insert into events (session_id, sequence, position, tenant_id, turn_id, type, at, message_number, message_id, payload, template, summary)
      select sid, base + place, head - added + place, tid, e ->> 0, e ->> 1, (e ->> 2)::bigint,
        counts.trimmed_messages + counts.message_count - messages + (e ->> 3)::bigint, e ->> 4, e ->> 5, e ->> 6, e ->> 7
      from jsonb_array_elements(w -> 'events') with ordinality as listed (e, place);
  end if;

  if w ? 'permission' then
    insert into permissions select * from jsonb_populate_record(null::permissions, w -> 'permission')
      on conflict (id) do update set ${toExcluded(permissionSet)};
  end if;
  if w ? 'work' then
    insert into own_work select * from jsonb_populate_recordset(null::own_work, w -> 'work');
  end if;
  if w ? 'usage' then
    insert into usage_days (tenant_id, ${usageKey.join(', ')}, ${usageCounters.join(', ')})
      select tid, case when of_key then created_by else '' end, day, model,
          ${usageCounters.map(column => `sum(${column})`).join(', ')}
        from jsonb_populate_recordset(null::usage_days, w -> 'usage'), (values (true), (false)) as kinds (of_key)
        group by 1, 2, 3, 4
      on conflict (tenant_id, ${usageKey.join(', ')}) do update set ${usageSums('usage_days')};
    insert into usage_sessions (session_id, tenant_id, ${usageKey.join(', ')}, ${usageCounters.join(', ')})
      select sid, tid, ${usageKey.join(', ')}, ${usageCounters.join(', ')}
        from jsonb_populate_recordset(null::usage_sessions, w -> 'usage')
      on conflict (session_id, ${usageKey.join(', ')}) do update set ${usageSums('usage_sessions')};
  end if;
  for item in select value from jsonb_array_elements(w -> 'tasks') loop
    insert into tasks select * from jsonb_populate_record(null::tasks, item)
      on conflict (tenant_id, session_id, id) do update set ${toExcluded(taskSet)};
  end loop;
  if w ? 'deliveries' then
    insert into webhook_deliveries
      select * from jsonb_populate_recordset(null::webhook_deliveries, w -> 'deliveries');
  end if;
  if w ? 'past' then
    item := w -> 'past';
    insert into events (session_id, sequence, tenant_id, turn_id, type, at, message_number, message_id, payload, template, summary)
      select sid, counts.last_sequence + row_number() over (order by sequence), tenant_id, turn_id, type, at,
        row_number() over (order by sequence), message_id, payload, template, summary
      from events
      where session_id = item ->> 'session' and tenant_id = tid and type = 'message'
        and (item ->> 'before' is null or sequence < (item ->> 'before')::bigint)
        and not exists (select 1 from jsonb_array_elements(item -> 'without') r
          where sequence between (r ->> 'from')::bigint and (r ->> 'to')::bigint);
    get diagnostics copied = row_count;
    insert into payload_templates (session_id, hash, tenant_id, text)
      select sid, hash, tenant_id, text from payload_templates t
      where session_id = item ->> 'session' and tenant_id = tid
        and exists (select 1 from events where session_id = sid and template = t.hash)
      on conflict do nothing;
    update sessions set last_sequence = last_sequence + copied, message_count = copied where id = sid;
  end if;
  if w ? 'key' then
    item := w -> 'key';
    delete from idempotency_keys where tenant_id = item ->> 'tenant_id' and created_by = item ->> 'created_by'
      and key = item ->> 'key' and expires_at <= (w ->> 'now')::bigint;
    delete from idempotency_keys where (tenant_id, created_by, key) in (
      select tenant_id, created_by, key from idempotency_keys where expires_at <= (w ->> 'now')::bigint
      order by expires_at limit ${removedWithEach} for update skip locked);
    insert into idempotency_keys select * from jsonb_populate_record(null::idempotency_keys, item);
  end if;
  if w ? 'transcript' then perform append_lines(w -> 'transcript'); end if;
  if w ? 'audit' then
    insert into audit_log select * from jsonb_populate_recordset(null::audit_log, w -> 'audit')
      on conflict do nothing;
  end if;

  return jsonb_build_object('sequence', counts.last_sequence, 'end', counts.last_sequence + copied, 'position', head);
end $body$`

/** Raises the reason for which a session cannot be written to. */
const refuseWrite = `
create or replace function refuse_write(w jsonb, sid text, tid text, expected bigint) returns void
language plpgsql as $body$
begin
  if w ? 'fence' and exists (select 1 from sessions where id = sid and tenant_id = tid and (${isOwned}) is not true) then
    raise exception '%', sid using errcode = '${appendErrors.fenced}';
  end if;
  if exists (select 1 from sessions where id = sid and tenant_id = tid) then
    raise exception 'The log of session % does not end at %', sid, expected using errcode = '${appendErrors.stale}';
  end if;
  raise exception 'There is no session % to change', sid using errcode = '${appendErrors.noSession}';
end $body$`

const appendLines = `
create or replace function append_lines(parts jsonb) returns void language plpgsql as $body$
declare
  part jsonb;
  position_before bigint;
begin
  for part in select value from jsonb_array_elements(parts) loop
    perform lock_transcript(part ->> 0, part ->> 1, part ->> 2);
    select coalesce(max(position), 0) into position_before from transcript_entries
      where tenant_id = part ->> 0 and claude_session_id = part ->> 1 and subpath = part ->> 2;
    insert into transcript_entries (tenant_id, claude_session_id, subpath, position, uuid, entry)
      select part ->> 0, part ->> 1, part ->> 2, position_before + place, line ->> 0, line ->> 1
      from jsonb_array_elements(part -> 3) with ordinality as listed (line, place)
      on conflict do nothing;
  end loop;
end $body$`

const lockTranscript = `
create or replace function lock_transcript(tenant text, conversation text, part text) returns void
language sql as $body$
  select pg_advisory_xact_lock(hashtextextended(tenant || ' ' || conversation || ' ' || part, 0))
$body$`

/**
 * The position of the last of so many new events. Its row stays locked until the transaction is over, for any writer:
 * so positions become visible in their order, and none is given out below one that is not committed yet.
 */
const advanceFeed = `
create or replace function advance_feed(added bigint) returns bigint language sql as $body$
  insert into feed_head (id, position) values (1, added)
    on conflict (id) do update set position = feed_head.position + excluded.position returning position
$body$`

/**
 * Applies writes, each whole or not at all, and none of them twice: the row of the lease remembers the last batch and
 * its results. First those of `simple`, in whatever order, then `writes` in theirs. `expected` has the last sequence of
 * each session in the batch.
 */
const applyWrites = `
create or replace function apply_writes(me text, batch bigint, expected jsonb, simple jsonb, writes jsonb) returns jsonb
language plpgsql as $body$
declare
  lease record;
  is_node boolean := false;
  w jsonb;
  result jsonb;
  results jsonb[] := '{}';
  ends jsonb := expected;
begin
  select last_batch, last_result into lease from store_lease where owner = me for no key update;
  if not found then
    select last_batch, last_result::jsonb as last_result into lease from nodes where id = me and state <> 'dead'
      and not exists (select 1 from store_lease where expires_at > clock_timestamp()) for no key update;
    is_node := true;
  end if;
  if not found then
    raise exception 'The database was taken over by another server' using errcode = '${appendErrors.lost}';
  end if;
  if lease.last_batch = batch then return lease.last_result; end if;
  -- Nodes that create sessions wait for each other before they count: the statements after this one see all of them.
  if is_node and writes @> '[{"create": {}}]' then perform advance_feed(0);
  -- In one order, before the rows of sums that several nodes change: else two batches could wait for each other.
  elsif is_node then perform 1 from feed_head where id = 1 for no key update; end if;
  begin
    if jsonb_array_length(simple) > 0 then
      results := apply_simple(expected, simple);
      select expected || coalesce(jsonb_object_agg(value ->> 'session', results[place] -> 'end'), '{}') into ends
        from jsonb_array_elements(simple) with ordinality as l (value, place);
    end if;
    for w in select value from jsonb_array_elements(writes) loop
      result := apply_write(w, coalesce((ends ->> (w ->> 'session'))::bigint, 0));
      if result ? 'end' then ends := jsonb_set(ends, array[w ->> 'session'], result -> 'end'); end if;
      results := results || result;
    end loop;
  exception when others then
    -- One of them failed: each gets a savepoint of its own.
    results := '{}';
    ends := expected;
    for w in select value from jsonb_array_elements(simple || writes) loop
      begin
        result := apply_write(w, coalesce((ends ->> (w ->> 'session'))::bigint, 0));
        if result ? 'end' then ends := jsonb_set(ends, array[w ->> 'session'], result -> 'end'); end if;
      exception when others then
        result := jsonb_build_object('code', sqlstate, 'message', sqlerrm);
      end;
      results := results || result;
    end loop;
  end;
  if is_node then
    update nodes set last_batch = batch, last_result = to_jsonb(results)::text where id = me;
  else
    update store_lease set last_batch = batch, last_result = to_jsonb(results) where owner = me;
  end if;
  return to_jsonb(results);
end $body$`

const functions = [
  lockTranscript,
  appendLines,
  advanceFeed,
  refuseWrite,
  applyWrite,
  applySimple,
  applyWrites,
]
const names = /\b(?:lock_transcript|append_lines|advance_feed|refuse_write|apply_writes?|apply_simple)\b/g
const digest = createHash('sha256').update(functions.join()).digest('hex').slice(0, 12)
const toOwnName = (name: string) => `${name}_${digest}`

/** The function that appends; its parameters are those of `applyWrites`. */
export const applyWritesName = toOwnName('apply_writes')

/** The statements that make the functions. */
export const appendFunctions: readonly string[] = functions.map(text => text.replace(names, toOwnName))

/** Removes the functions of other programs. */
export const dropOtherFunctions = `do $body$
declare
  other regprocedure;
begin
  for other in select oid from pg_proc where pronamespace = current_schema()::regnamespace
    and proname ~ '^(lock_transcript|append_lines|advance_feed|refuse_write|apply_writes?|apply_simple)(_[0-9a-f]{12})?$'
    and proname not like '%\\_${digest}' loop
    execute format('drop function %s', other);
  end loop;
end $body$`
