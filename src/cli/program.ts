import { Command, InvalidArgumentError, Option } from 'commander'
import { readVersion } from '../app/version.ts'
import { type MigrateFlags, runMigration } from './run-migration.ts'
import { runServer, type ServeFlags } from './run-server.ts'

/** Creates the command line. Flags take precedence over the environment, the environment over defaults. */
export function createProgram(): Command {
  const program = new Command('claude-code-api')
    .description('Claude Code as an HTTP API: sessions, messages, live streams, history')
    .version(readVersion())
  program
    .command('serve')
    .description('serve the API at /api/v1 until SIGINT or SIGTERM')
    .addOption(new Option('--host <host>', 'address to listen on').env('HOST').default('127.0.0.1'))
    .addOption(
      new Option('--port <port>', 'port to listen on; 0 picks a free one')
        .env('PORT')
        .default(3050)
        .argParser(parsePort),
    )
    .option('--data-dir <dir>', 'directory of the store (CLAUDE_CODE_API_DATA_DIR)')
    .option(
      '--database-url <url>',
      'PostgreSQL database instead of a file (CLAUDE_CODE_API_DATABASE_URL, else DATABASE_URL)',
    )
    .option('--root <dir...>', 'directories that sessions may work in (CLAUDE_CODE_API_ROOTS)')
    .option(
      '--trusted-root <dir...>',
      'directories whose .claude settings, hooks and .mcp.json may take effect (CLAUDE_CODE_API_TRUSTED_ROOTS)',
    )
    .option(
      '--cors-origin <origin...>',
      'origins of web pages that may use the API (CLAUDE_CODE_API_CORS_ORIGINS)',
    )
    .option(
      '--allowed-host <host...>',
      'hosts that requests without a key may be addressed to (CLAUDE_CODE_API_ALLOWED_HOSTS)',
    )
    .option('--public-url <url>', 'URL of the API as callers see it (CLAUDE_CODE_API_PUBLIC_URL)')
    .option(
      '--trust-proxy <which>',
      'trusted proxies: true, a number of hops, or addresses (CLAUDE_CODE_API_TRUST_PROXY)',
    )
    .option('--no-auth', 'serve without keys; only on a loopback address')
    .option('--demo', 'use a built-in stand-in instead of a Claude account', false)
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
  throw new InvalidArgumentError('It must be a number from 0 to 65535.')
}
