import pg from 'pg'
import { endsLater } from './lifetime.ts'

/** A write of one event: which node wrote it, and whose the session was at that moment. */
export interface WatchedWrite {
  session: string
  sequence: number
  /** The node that wrote, and the node of the life that owned the session. */
  node: string
  owner: string | null
  epoch: number
}

/** A change of a session's owner, oldest first. */
export interface WatchedClaim {
  session: string
  owner: string | null
  epoch: number
}

/** What is noted in the database itself, within the transactions of the nodes: nothing escapes between two looks. */
export interface ClusterWatch {
  readonly database: pg.Pool
  writes(): Promise<WatchedWrite[]>
  claims(): Promise<WatchedClaim[]>
}

/** The address of a database that tells the database which node connects. */
export function urlOf(url: string, node: string): string {
  const address = new URL(url)
  address.searchParams.set('application_name', node)
  return address.href
}

/** Notes who writes and who claims. The nodes have to use the addresses of `urlOf`. */
export async function watchCluster(url: string): Promise<ClusterWatch> {
  const database = new pg.Pool({ connectionString: url, max: 2 })
  // Tests also kill the database.
  database.on('error', () => undefined)
  endsLater(() => database.end())
  await database.query(triggers)
  const rows = async <T>(text: string) => (await database.query(text)).rows as T[]
  return {
    database,
    writes: () =>
      rows(`select session, sequence::float8, writes.node, lives.node as owner, epoch::float8
        from watch.writes left join watch.lives on lives.id = writes.owner order by number`),
    claims: () =>
      rows('select session, owner, coalesce(epoch, 0)::float8 as epoch from watch.claims order by number'),
  }
}

const triggers = `
create schema watch;
create table watch.lives (id text primary key, node text not null);
create table watch.claims (number bigserial, session text, owner text, epoch bigint);
create table watch.writes (number bigserial, session text, sequence bigint, node text, owner text, epoch bigint);

create function watch.note_life() returns trigger language plpgsql as $body$ begin
  insert into watch.lives values (new.id, current_setting('application_name'));
  return null;
end $body$;
create trigger watch_lives after insert on claude_code_api.nodes
  for each row execute function watch.note_life();

create function watch.note_claim() returns trigger language plpgsql as $body$ begin
  insert into watch.claims (session, owner, epoch) values (new.id, new.owner, new.epoch);
  return null;
end $body$;
create trigger watch_new after insert on claude_code_api.sessions
  for each row execute function watch.note_claim();
create trigger watch_claims after update on claude_code_api.sessions for each row
  when (old.owner is distinct from new.owner or old.epoch is distinct from new.epoch)
  execute function watch.note_claim();

create function watch.note_write() returns trigger language plpgsql as $body$ begin
  insert into watch.writes (session, sequence, node, owner, epoch)
    select new.session_id, new.sequence, current_setting('application_name'), owner, epoch
    from claude_code_api.sessions where id = new.session_id;
  return null;
end $body$;
create trigger watch_writes after insert on claude_code_api.events
  for each row execute function watch.note_write();
`
