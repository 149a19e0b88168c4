import { Argument, Command, Option } from 'commander'
import { readVersion } from '../app/version.ts'
import { permissionModes } from '../contract/permission-mode.ts'
import type { ChatFlags } from './chat.ts'
import { addClientFlags, type ClientFlags } from './client-flags.ts'
import { createCompletion, type Shell, shells } from './completion.ts'
import { addKeysCommands } from './keys-commands.ts'
import { loadOptions } from './load-options.ts'
import { exitCodes, reportingFaults } from './report-faults.ts'
import type { AcpFlags } from './run-acp.ts'
import type { MigrateFlags } from './run-migration.ts'
import { addServerFlags, toFlagValues } from './server-flags.ts'
import { addSessionsCommands } from './sessions-commands.ts'
import { showConfig } from './show-config.ts'
import { addStoreCommands } from './store-commands.ts'

/**
 * Creates the command line. Flags take precedence over the environment, the environment over the file. The server is
 * imported only by those commands that need it, so that the others answer at once.
 */
export function createProgram(): Command {
  const program = new Command('claude-code-api')
    .description('Claude Code as an HTTP API: sessions, messages, live streams, history')
    .version(readVersion())
    // Before the commands are added: they inherit it.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitCodes.usage))
  const serve = program
    .command('serve')
    .description('serve the API at /api/v1 until SIGINT or SIGTERM')
    .option('--demo', 'use a built-in stand-in instead of a Claude account', false)
  addServerFlags(serve).action(({ config, demo }: { config?: string; demo: boolean }) =>
    reportingFaults(async () => {
      const loaded = await loadOptions(toFlagValues(serve), config, demo)
      const { runServer } = await import('./run-server.ts')
      await runServer(loaded, demo)
    }),
  )
  const show = program
    .command('config')
    .description('print the configuration in force, and what sets each option; secrets are masked')
    .option('--json', 'print JSON', false)
  addServerFlags(show).action(({ config, json }: { config?: string; json: boolean }) =>
    reportingFaults(async () => showConfig(await loadOptions(toFlagValues(show), config, false), json)),
  )
  const doctor = program
    .command('doctor')
    .description('check what the server needs: Claude Code, its login, directories, store, port, programs')
    .option('--model', 'also ask the model a short question, which costs money', false)
    .option('--json', 'print JSON, a line for each check', false)
  addServerFlags(doctor).action((flags: { config?: string; model: boolean; json: boolean }) =>
    reportingFaults(async () => {
      const loaded = await loadOptions(toFlagValues(doctor), flags.config, false)
      const { runDoctor } = await import('./run-doctor.ts')
      await runDoctor(loaded, flags)
    }),
  )
  program
    .command('migrate')
    .description('copy a store from a SQLite file into an empty PostgreSQL database, and verify the copy')
    .requiredOption('--from <file>', 'the SQLite file, such as claude-code-api.db in the data directory')
    .requiredOption('--to <url>', 'the URL of the PostgreSQL database')
    .option('--schema <name>', 'the schema for the tables', 'claude_code_api')
    .action((flags: MigrateFlags) =>
      reportingFaults(async () => {
        const { runMigration } = await import('./run-migration.ts')
        await runMigration(flags)
      }),
    )
  addStoreCommands(program)
  addKeysCommands(program)
  addSessionsCommands(program)
  addClientFlags(program.command('chat').description('talk with Claude on the terminal'))
    .option('--session <id>', 'continue this session')
    .option('--cwd <dir>', 'directory of the new session, on the server')
    .option('--model <model>', 'model of the new session')
    .addOption(
      new Option('--permission-mode <mode>', 'permission mode of the new session').choices(permissionModes),
    )
    .option('--title <title>', 'title of the new session')
    .action((flags: ChatFlags) =>
      reportingFaults(async () => {
        const { chat } = await import('./chat.ts')
        await chat(flags)
      }),
    )
  addClientFlags(program.command('acp').description('speak the Agent Client Protocol over stdio'))
    .option('--preset <name>', 'preset of new sessions: a name, or name@version')
    .option('--cwd <dir>', 'directory of new sessions, on the server; default: that of the client')
    .addOption(new Option('--empty-workspace', 'give each new session an empty directory').conflicts('cwd'))
    .addOption(
      new Option('--client-methods <names...>', 'methods of the client that Claude gets as tools').choices([
        'fs',
        'terminal',
      ]),
    )
    .action((flags: AcpFlags) =>
      reportingFaults(async () => {
        const { runAcp } = await import('./run-acp.ts')
        await runAcp(flags)
      }),
    )
  addClientFlags(
    program.command('mcp').description('serve MCP on standard input and output, for clients of MCP'),
  ).action((flags: ClientFlags) =>
    reportingFaults(async () => {
      const { runMcp } = await import('./run-mcp.ts')
      await runMcp(flags)
    }),
  )
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'shell').choices(shells))
    .action((shell: Shell) => void process.stdout.write(createCompletion(program, shell)))
  return program
}
