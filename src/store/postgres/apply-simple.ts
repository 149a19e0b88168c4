import { snakeCased } from '../record-mapper.ts'
import { turnColumns } from '../records.ts'
import { appendErrors } from './append-errors.ts'

/** The columns that a write sets of a row that is there, quoted. */
export function columnsBut(kinds: object, left: readonly string[]): string[] {
  return Object.keys(kinds)
    .map(snakeCased)
    .filter(column => !left.includes(column))
    .map(column => `"${column}"`)
}

export const turnSet = columnsBut(turnColumns.kinds, [
  'id',
  'session_id',
  'tenant_id',
  'first_sequence',
  'last_sequence',
])
/**
 * Most writes only append events and set their turns: those of different sessions are applied by one statement.
 * Index scans alone, whatever the statistics of a young table say.
 */
export const applySimple = `
create or replace function apply_simple(expected jsonb, simple jsonb) returns jsonb[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $body$
declare
  results jsonb[];
  wanted bigint;
  turned bigint;
  added bigint;
  head bigint := 0;
begin
  select sum(jsonb_array_length(value -> 'events')) into added from jsonb_array_elements(simple);
  if added > 0 then head := advance_feed(added); end if;
  with advanced as materialized (
    update sessions s set
      last_sequence = s.last_sequence + jsonb_array_length(w.value -> 'events'),
      message_count = s.message_count + (w.value ->> 'messages')::bigint
    from jsonb_array_elements(simple) with ordinality as w (value, place)
    where s.id = w.value ->> 'session' and s.tenant_id = w.value ->> 'tenant'
      and s.last_sequence = (expected ->> (w.value ->> 'session'))::bigint
      and (not w.value ? 'fence' or s.owner = w.value #>> '{fence,owner}' and s.epoch = (w.value #>> '{fence,epoch}')::bigint)
    returning w.place, s.id as sid, s.tenant_id as tid, w.value as value, s.last_sequence as ending,
      s.last_sequence - jsonb_array_length(w.value -> 'events') as base,
      s.trimmed_messages + s.message_count - (w.value ->> 'messages')::bigint as messages_before
  ), placed as (
    select *, head - added + sum(jsonb_array_length(value -> 'events')) over (order by place) as position from advanced
  ), changed as (
    update turns t set (${turnSet.join(', ')}, first_sequence, last_sequence) =
      (select ${turnSet.map(column => `p.${column}`).join(', ')},
          coalesce(t.first_sequence, x.base + (x.item ->> 'first')::bigint),
          coalesce(x.base + (x.item ->> 'last')::bigint, t.last_sequence)
        from jsonb_populate_record(t, coalesce(x.item -> 'columns', '{}')) p)
    from (select a.sid, a.tid, a.base, item from advanced a, jsonb_array_elements(a.value -> 'turns') item) x
    where t.id = x.item ->> 'id' and t.session_id = x.sid and t.tenant_id = x.tid
    returning 1
  ), appended as (
    insert into events
      (session_id, sequence, position, tenant_id, turn_id, type, at, message_number, message_id, payload, template, summary)
      select a.sid, a.base + l.place, a.position - jsonb_array_length(a.value -> 'events') + l.place, a.tid, e ->> 0, e ->> 1, (e ->> 2)::bigint,
        a.messages_before + (e ->> 3)::bigint, e ->> 4, e ->> 5, e ->> 6, e ->> 7
      from placed a, jsonb_array_elements(a.value -> 'events') with ordinality as l (e, place)
  )
  select array_agg(jsonb_build_object('sequence', ending, 'end', ending, 'position', position) order by place),
      coalesce(sum(jsonb_array_length(value -> 'turns')), 0), (select count(*) from changed)
    into results, wanted, turned from placed;
  -- One by one it turns out which of them it was.
  if coalesce(cardinality(results), 0) <> jsonb_array_length(simple) or wanted <> turned then
    raise exception 'not all of the sessions and turns are there' using errcode = '${appendErrors.stale}';
  end if;
  return results;
end $body$`
