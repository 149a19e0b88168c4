import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { type Dialect, postgresExpressions } from '../dialect.ts'
import type { StoreSchema } from '../schema.ts'

export const postgres: Dialect = {
  ...postgresExpressions,
  name: 'postgres',
  db: new Kysely<StoreSchema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: db => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
}
