import { describe, expect, it } from 'vitest'
import type { Environment } from './env.ts'
import { resolveConfig } from './resolve-config.ts'
import { collectOptions } from './sources/collect-options.ts'

const url = 'postgres://user:secret@db.example.com/app'

describe('database', () => {
  it('is a file unless a URL is given, and no variable counts', () => {
    const env = { HOME: '/root', DATABASE_URL: url, CLAUDE_CODE_API_DATABASE_URL: url }
    expect(resolveConfig({}, env).database).toBeUndefined()
    expect(resolveConfig({ database: { url } }, {}).database).toEqual({
      url,
      schema: 'claude_code_api',
      maxConnections: 10,
    })
  })

  it('for the command line is that of its own variable, else of the usual one', () => {
    const findDatabaseUrl = (env: Environment) => collectOptions({}, env, undefined).options.database?.url
    expect(findDatabaseUrl({ DATABASE_URL: 'a', CLAUDE_CODE_API_DATABASE_URL: 'b' })).toBe('b')
    expect(findDatabaseUrl({ DATABASE_URL: 'a', CLAUDE_CODE_API_DATABASE_URL: '' })).toBe('a')
    expect(findDatabaseUrl({ DATABASE_URL: '' })).toBeUndefined()
  })

  it.each([
    [{ url: 'mysql://host/name' }, 'database.url'],
    [{ url: 'not a url' }, 'database.url'],
    [{ url, schema: 'with-dash' }, 'database.schema'],
    [{ url, schema: 'pg_mine' }, 'database.schema'],
    [{ url, maxConnections: 1 }, 'database.maxConnections'],
  ])('%j is refused', (database, field) => {
    expect(() => resolveConfig({ database }, {})).toThrow(field)
  })
})
