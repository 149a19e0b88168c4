import { Command, InvalidArgumentError, Option } from 'commander'
import { readVersion } from '../app/version.ts'
import { type MigrateFlags, runMigration } from './run-migration.ts'
import { runServer, type ServeFlags } from './run-server.ts'

/** The command line: flags win over the environment, the environment over defaults. */
export function createProgram(): Command {
  const program = new Command('claude-code-api')
    .description('Claude Code behind HTTP: sessions, messages, live streams, history')
    .version(readVersion())
  program
    .command('serve')
    .description('serve the API at /api/v1 until it is told to stop')
    .addOption(new Option('--host <host>', 'address to listen on').env('HOST').default('127.0.0.1'))
    .addOption(
      new Option('--port <port>', 'port to listen on; 0 picks one')
        .env('PORT')
        .default(3050)
        .argParser(parsePort),
    )
    .option('--data-dir <dir>', 'where the store is kept (CLAUDE_CODE_API_DATA_DIR)')
    .option(
      '--database-url <url>',
      'a PostgreSQL database in place of a file (CLAUDE_CODE_API_DATABASE_URL, else DATABASE_URL)',
    )
    .option('--root <dir...>', 'directories that sessions may work in (CLAUDE_CODE_API_ROOTS)')
    .option(
      '--trusted-root <dir...>',
      'directories whose .claude settings, hooks and .mcp.json may take effect (CLAUDE_CODE_API_TRUSTED_ROOTS)',
    )
    .option('--cors-origin <origin...>', 'web pages that may use the API (CLAUDE_CODE_API_CORS_ORIGINS)')
    .option('--allowed-host <host...>', 'names to answer to without a key (CLAUDE_CODE_API_ALLOWED_HOSTS)')
    .option('--public-url <url>', 'the URL of the API as callers see it (CLAUDE_CODE_API_PUBLIC_URL)')
    .option('--trust-proxy <which>', 'true, hops, or addresses of proxies (CLAUDE_CODE_API_TRUST_PROXY)')
    .option('--no-auth', 'serve without keys; on loopback only')
    .option('--demo', 'without an account: a stand-in answers instead of the model', false)
    .action((flags: ServeFlags) => runServer(flags))
  program
    .command('migrate')
    .description('copy a store from a SQLite file into an empty PostgreSQL database, and verify the copy')
    .requiredOption('--from <file>', 'the SQLite file, such as claude-code-api.db in the data directory')
    .requiredOption('--to <url>', 'the URL of the PostgreSQL database')
    .option('--schema <name>', 'the schema for the tables', 'claude_code_api')
    .action((flags: MigrateFlags) => runMigration(flags))
  return program
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('It has to be a number from 0 to 65535.')
}
