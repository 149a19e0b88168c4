import { type Kysely, sql } from 'kysely'
import { postgresExpressions, sqliteExpressions } from '../dialect.ts'
import type { Migration } from '../migration.ts'

// The index is kept by triggers, so that whatever writes a turn or a title has indexed it in the same transaction: a
// request, a restored backup, a copy of the store.

/** Characters of a text that are indexed. */
const maxCharacters = 65_536

export const search: Migration = {
  name: '027-search',
  async up(db, dialect) {
    const run = async (statements: readonly string[]) => {
      for (const statement of statements) await sql.raw(statement).execute(db)
    }
    await createEntries(db, dialect)
    await run(dialect === 'sqlite' ? sqliteIndex : postgresIndex)
    await run(dialect === 'sqlite' ? sqliteTriggers : postgresTriggers)
    const { items, itemsAlias, numberIn } = dialect === 'sqlite' ? sqliteExpressions : postgresExpressions
    const range = sql.ref('range.value')
    // Turns that were rewound end in a part of the log that no longer counts.
    const isKept = sql`not exists (select 1 from sessions, ${items(sql.ref('sessions.rewound'))} as ${itemsAlias('range')}
      where sessions.id = turns.session_id
        and turns.last_sequence between ${numberIn(range, 'from')} and ${numberIn(range, 'to')})`
    await sql`
      insert into search_entries (tenant_id, session_id, turn_id, field, at)
      select tenant_id, session_id, turn_id, field, at from (
        select tenant_id, id as session_id, null as turn_id, 'title' as field, last_activity_at as at
          from sessions where title <> ''
        union all select tenant_id, session_id, id, 'prompt', created_at from turns where ${isKept}
        union all select tenant_id, session_id, id, 'answer', coalesce(ended_at, created_at)
          from turns where response <> '' and ${isKept}
      ) as stored order by at`.execute(db)
  },
}

async function createEntries(db: Kysely<unknown>, dialect: 'sqlite' | 'postgres'): Promise<void> {
  const table = db.schema
    .createTable('search_entries')
    .addColumn('tenant_id', 'text', column => column.notNull())
    .addColumn('session_id', 'text', column => column.notNull().references('sessions.id').onDelete('cascade'))
    .addColumn('turn_id', 'text', column => column.references('turns.id').onDelete('cascade'))
    .addColumn('field', 'text', column => column.notNull())
    .addColumn('at', 'bigint', column => column.notNull())
  await (dialect === 'sqlite'
    ? table.addColumn('id', 'integer', column => column.primaryKey())
    : table
        .addColumn('id', 'bigint', column => column.generatedAlwaysAsIdentity().primaryKey())
        .addColumn('words', sql`tsvector`, column => column.notNull())
  ).execute()
  await db.schema
    .createIndex('search_entries_turn')
    .on('search_entries')
    .columns(['turn_id', 'field'])
    .execute()
  await db.schema
    .createIndex('search_entries_session')
    .on('search_entries')
    .columns(['session_id', 'field'])
    .execute()
}

const sqlitePrompt = `(select case json_type(prompt) when 'array' then (
    select group_concat(json_extract(value, '$.text'), char(10)) from json_each(prompt)
      where json_extract(value, '$.type') = 'text')
  else json_extract(prompt, '$') end from turns where id = new.turn_id)`

/** Words alone, without the texts, which are in other tables. Tenant and session are words of their own. */
const sqliteIndex = [
  `create virtual table search_words using fts5 (owner, text, content = '', contentless_delete = 1,
    prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2')`,
  `create trigger search_entries_added after insert on search_entries begin
    insert into search_words (rowid, owner, text) values (new.id,
      't' || hex(new.tenant_id) || ' s' || replace(new.session_id, '-', ''),
      substr(case new.field
        when 'title' then (select title from sessions where id = new.session_id)
        when 'prompt' then ${sqlitePrompt}
        else (select response from turns where id = new.turn_id) end, 1, ${maxCharacters}));
  end`,
  `create trigger search_entries_removed after delete on search_entries begin
    delete from search_words where rowid = old.id;
  end`,
]

const columns = '(tenant_id, session_id, turn_id, field, at)'
const addTitle = `
  delete from search_entries where session_id = new.id and field = 'title';
  insert into search_entries ${columns}
    select new.tenant_id, new.id, null, 'title', new.last_activity_at where new.title <> '';`
const addPrompt = `
  insert into search_entries ${columns}
    values (new.tenant_id, new.session_id, new.id, 'prompt', new.created_at);`
const addAnswer = `
  delete from search_entries where turn_id = new.id and field = 'answer';
  insert into search_entries ${columns}
    select new.tenant_id, new.session_id, new.id, 'answer', coalesce(new.ended_at, new.created_at)
      where new.response <> '';`
const removeRewound = (ranges: string, from: string, to: string) => `
  delete from search_entries where session_id = new.id and turn_id in (
    select turns.id from turns, ${ranges} as range
      where turns.session_id = new.id and turns.last_sequence between ${from} and ${to});`

const sqliteTriggers = [
  `create trigger sessions_titled after insert on sessions when new.title <> '' begin ${addTitle} end`,
  `create trigger sessions_renamed after update of title on sessions when new.title is not old.title
    begin ${addTitle} end`,
  `create trigger turns_asked after insert on turns begin ${addPrompt} ${addAnswer} end`,
  `create trigger turns_answered after update of response on turns when new.response is not old.response
    begin ${addAnswer} end`,
  `create trigger sessions_rewound after update of rewound on sessions when new.rewound is not old.rewound
    begin ${removeRewound('json_each(new.rewound)', "json_extract(value, '$.from')", "json_extract(value, '$.to')")} end`,
]

/** Everything in ASCII but letters and digits separates words, and so do signs that Unicode has beside them. */
const separators =
  '[\\u0001-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00bf\\u2000-\\u206f\\u3000-\\u303f]+'

const postgresIndex = [
  `create index search_entries_words on search_entries using gin (words)`,
  `create index search_entries_newest on search_entries (tenant_id, id)`,
  // A text that cannot be read is not found; it must not keep a turn from being stored.
  `create function search_words_of(value text) returns tsvector language plpgsql immutable as $body$ begin
    return to_tsvector('simple', regexp_replace(normalize(
      regexp_replace(normalize(left(coalesce(value, ''), ${maxCharacters}), NFD), '[\\u0300-\\u036f]+', '', 'g'), NFC),
      '${separators}', ' ', 'g'));
  exception when others then return ''; end $body$`,
  `create function search_text_of(prompt text) returns text language plpgsql immutable as $body$ begin
    if jsonb_typeof(prompt::jsonb) <> 'array' then return prompt::jsonb #>> '{}'; end if;
    return (select string_agg(value ->> 'text', chr(10)) from jsonb_array_elements(prompt::jsonb)
      where value ->> 'type' = 'text');
  exception when others then return prompt; end $body$`,
  `create function search_entries_added() returns trigger language plpgsql as $body$ begin
    new.words := search_words_of(case new.field
      when 'title' then (select title from sessions where id = new.session_id)
      when 'prompt' then search_text_of((select prompt from turns where id = new.turn_id))
      else (select response from turns where id = new.turn_id) end);
    return new;
  end $body$`,
  `create trigger search_entries_added before insert on search_entries
    for each row execute function search_entries_added()`,
]

function trigger(name: string, on: string, when: string, body: string): string[] {
  return [
    `create function ${name}() returns trigger language plpgsql as $body$ begin ${body} return null; end $body$`,
    `create trigger ${name} after ${on} for each row when (${when}) execute function ${name}()`,
  ]
}

const postgresTriggers = [
  ...trigger('sessions_titled', 'insert on sessions', "new.title <> ''", addTitle),
  ...trigger('sessions_renamed', 'update on sessions', 'new.title is distinct from old.title', addTitle),
  ...trigger('turns_asked', 'insert on turns', 'true', `${addPrompt} ${addAnswer}`),
  ...trigger('turns_answered', 'update on turns', 'new.response is distinct from old.response', addAnswer),
  ...trigger(
    'sessions_rewound',
    'update on sessions',
    'new.rewound is distinct from old.rewound',
    removeRewound(
      'jsonb_array_elements(new.rewound::jsonb)',
      "(value ->> 'from')::bigint",
      "(value ->> 'to')::bigint",
    ),
  ),
]
