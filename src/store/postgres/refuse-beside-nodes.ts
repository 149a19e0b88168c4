/** A row of `nodes` whose life is not over. */
export const isAlive = `state <> 'dead' and lease_until > extract(epoch from clock_timestamp()) * 1000`

/**
 * Keeps servers of versions that know no nodes from taking the lease of the database while nodes live; nodes could write
 * nothing then. The message is all that such a server says about it.
 */
export const refuseBesideNodes = `
create or replace function refuse_beside_nodes() returns trigger language plpgsql as $$
declare
  living text;
begin
  select string_agg(url, ', ' order by url) into living from nodes where ${isAlive};
  if living is not null then
    raise exception 'it is in use by several nodes, which this server cannot join; these nodes are running: %', living;
  end if;
  return new;
end
$$;
do $$
begin
  if not exists (
    select 1 from pg_trigger where tgname = 'refuse_beside_nodes' and tgrelid = to_regclass('store_lease')
  ) then
    create trigger refuse_beside_nodes before insert on store_lease
      for each row execute function refuse_beside_nodes();
  end if;
end
$$`
