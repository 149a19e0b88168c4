import { toApiKey } from '../access/key-view.ts'
import type { MadeKey } from '../access/keys.ts'
import { manageKeys } from '../app/manage-keys.ts'
import { placesOf } from '../app/store-places.ts'
import { invalidRequest } from '../contract/errors.ts'
import { createKeyRequest } from '../contract/keys.ts'
import type { LoadedOptions } from './load-options.ts'
import { terminal } from './terminal.ts'

export interface CreateFlags {
  name: string
  scope: string[]
  tenant: string
  session?: string
  /** In milliseconds. */
  expiresIn?: number
  limit: Record<string, number>
  json: boolean
}

export interface ListFlags {
  tenant?: string
  all: boolean
  json: boolean
}

export async function runCreate({ resolved }: LoadedOptions, flags: CreateFlags): Promise<void> {
  const request = createKeyRequest.safeParse({
    name: flags.name,
    scopes: flags.scope,
    tenant: flags.tenant,
    limits: flags.limit,
    ...(flags.session !== undefined && { sessionId: flags.session }),
    ...(flags.expiresIn !== undefined && {
      expiresAt: new Date(Date.now() + flags.expiresIn).toISOString(),
    }),
  })
  if (!request.success) {
    throw invalidRequest(
      request.error.issues.map(({ path: [field], message }) => ({
        path: flagOf[String(field)] ?? '',
        message,
      })),
    )
  }
  const made = await manageKeys(
    placesOf(resolved),
    true,
    (keys, caller) => keys.create(caller, request.data),
    'key.create',
    () => tellOfTenant(resolved.isolation),
  )
  show(made, flags.json)
}

const flagOf: Record<string, string> = {
  ...{ name: '--name', scopes: '--scope', tenant: '--tenant', sessionId: '--session' },
  ...{ limits: '--limit', expiresAt: '--expires-in' },
}

function tellOfTenant(isolation: string | undefined): void {
  if (isolation !== undefined) return
  process.stderr.write('There are two tenants now: the server starts only if isolation is set.\n')
}

export async function runList({ resolved }: LoadedOptions, { tenant, all, json }: ListFlags): Promise<void> {
  const found = await manageKeys(placesOf(resolved), false, (keys, caller) =>
    keys.list(tenant === undefined ? caller : { ...caller, tenantId: tenant }, {
      tenant,
      status: all ? 'all' : 'active',
    }),
  )
  for (const key of found.map(toApiKey)) {
    if (json) terminal.json(key)
    else {
      const bound = key.sessionId === null ? '' : `, session ${key.sessionId}`
      const until = key.expiresAt === null ? '' : `, until ${key.expiresAt}`
      terminal.line(
        `${key.keyId}  ${key.tenant}  ${key.status}  ${key.name}: ${key.scopes.join(' ')}${bound}${until}`,
      )
    }
  }
}

export async function runRotate(
  { resolved }: LoadedOptions,
  id: string,
  { graceMs, json }: { graceMs: number; json: boolean },
): Promise<void> {
  const made = await manageKeys(
    placesOf(resolved),
    false,
    (keys, caller) => keys.rotate(caller, id, graceMs),
    'key.rotate',
  )
  show(made, json)
}

export async function runRevoke({ resolved }: LoadedOptions, id: string): Promise<void> {
  await manageKeys(placesOf(resolved), false, (keys, caller) => keys.revoke(caller, id), 'key.revoke')
  process.stderr.write(`The key ${id} is revoked.\n`)
}

/** Prints the key alone on standard output, so that a script can keep it. */
function show({ record, text }: MadeKey, json: boolean): void {
  if (json) {
    terminal.json({ ...toApiKey(record), key: text })
    return
  }
  const { keyId, tenant, name, scopes } = toApiKey(record)
  process.stderr.write(
    `${keyId}, ${name}, tenant ${tenant}: ${scopes.join(' ')}. The key is shown only now:\n`,
  )
  terminal.line(text)
}
