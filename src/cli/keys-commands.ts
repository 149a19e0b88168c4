import { type Command, InvalidArgumentError, Option } from 'commander'
import { createKeyRequest, defaultGraceMs, rotateKeyRequest } from '../contract/keys.ts'
import { scopes } from '../contract/scopes.ts'
import { parseAge } from './amounts.ts'
import { loadOptions } from './load-options.ts'
import { reportingFaults } from './report-faults.ts'
import type { CreateFlags, ListFlags } from './run-keys.ts'
import { addPlaceFlags, toFlagValues } from './server-flags.ts'

/** Adds the commands that make and end stored API keys without a running server. */
export function addKeysCommands(program: Command): void {
  const keys = program.command('keys').description('stored API keys of a server that does not run')
  const create = keys
    .command('create')
    .description('create a key and print it; it cannot be shown again')
    .requiredOption('--name <name>', 'a name for people')
    .requiredOption('--scope <scope...>', `what it allows: ${scopes.join(', ')}`)
    .option('--tenant <name>', 'the tenant that it belongs to', 'default')
    .option('--session <id>', 'the only session that it opens')
    .option('--expires-in <time>', 'how long it is valid, such as 90d', parseAge)
    .option('--limit <name=number...>', 'a limit, such as turnsPerHour=60', parseLimits, {})
    .option('--json', 'print JSON', false)
  addPlaceFlags(create).action((flags: CreateFlags & { config?: string }) =>
    reportingFaults(async () => {
      const loaded = await loadOptions(toFlagValues(create), flags.config, false)
      const { runCreate } = await import('./run-keys.ts')
      await runCreate(loaded, flags)
    }),
  )
  const list = keys
    .command('list')
    .description('list the keys, without the keys themselves')
    .option('--tenant <name>', 'only of this tenant')
    .option('--all', 'also those that have expired or are revoked', false)
    .option('--json', 'print JSON, a line for each key', false)
  addPlaceFlags(list).action((flags: ListFlags & { config?: string }) =>
    reportingFaults(async () => {
      const loaded = await loadOptions(toFlagValues(list), flags.config, false)
      const { runList } = await import('./run-keys.ts')
      await runList(loaded, flags)
    }),
  )
  const rotate = keys
    .command('rotate')
    .description('replace a key and print the new one')
    .argument('<id>', 'the id of the key, as `keys list` shows it')
    .addOption(
      new Option('--grace <time>', 'how long the replaced key stays valid')
        .argParser(parseAge)
        .default(defaultGraceMs, '1d'),
    )
    .option('--json', 'print JSON', false)
  addPlaceFlags(rotate).action((id: string, flags: { config?: string; grace: number; json: boolean }) =>
    reportingFaults(async () => {
      const loaded = await loadOptions(toFlagValues(rotate), flags.config, false)
      const { graceMs } = rotateKeyRequest.parse({ graceMs: flags.grace })
      const { runRotate } = await import('./run-keys.ts')
      await runRotate(loaded, id, { graceMs, json: flags.json })
    }),
  )
  const revoke = keys
    .command('revoke')
    .description('revoke a key')
    .argument('<id>', 'the id of the key, as `keys list` shows it')
  addPlaceFlags(revoke).action((id: string, flags: { config?: string }) =>
    reportingFaults(async () => {
      const loaded = await loadOptions(toFlagValues(revoke), flags.config, false)
      const { runRevoke } = await import('./run-keys.ts')
      await runRevoke(loaded, id)
    }),
  )
}

/** Reads `name=number`; the schema of the request says which names there are. */
function parseLimits(text: string, before: Record<string, number>): Record<string, number> {
  const [, name, number] = /^(\w+)=(\d+(?:\.\d+)?)$/.exec(text) ?? []
  const known = createKeyRequest.shape.limits.unwrap().shape
  if (name === undefined || !Object.hasOwn(known, name)) {
    throw new InvalidArgumentError(
      `must be name=number, where the name is one of ${Object.keys(known).join(', ')}`,
    )
  }
  return { ...before, [name]: Number(number) }
}
