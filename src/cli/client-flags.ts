import type { Command } from 'commander'
import { ClaudeCodeClient } from '../client/index.ts'
import { checkKey, findKeysInEnvironment } from '../config/api-keys.ts'
import { readEnvironment } from '../config/env.ts'
import { ConfigError } from '../lib/config-error.ts'
import { readKeyFile } from './key-file.ts'

export interface ClientFlags {
  url?: string
  keyFile?: string
}

const defaultUrl = 'http://127.0.0.1:3050'
const mountPath = '/api/v1'

/** Adds the flags of commands that use a running server. */
export function addClientFlags(command: Command): Command {
  return command
    .option('--url <url>', `address of the server (CLAUDE_CODE_API_URL; default: ${defaultUrl})`)
    .option('--key-file <file>', 'file with the API key; without it, the key is taken from CLAUDE_API_KEY')
}

/** A client of the server that flags and environment name. A key in a flag would be seen by every user. */
export function createClient({ url, keyFile }: ClientFlags): ClaudeCodeClient {
  const env = readEnvironment()
  const given = url ?? env.CLAUDE_CODE_API_URL
  const [fromEnvironment] = findKeysInEnvironment(env)
  const apiKey =
    keyFile !== undefined
      ? readKeyFile(keyFile)
      : fromEnvironment && checkKey(fromEnvironment.name, fromEnvironment.key)
  const baseUrl = toBaseUrl(given || defaultUrl, url === undefined ? 'CLAUDE_CODE_API_URL' : '--url')
  return new ClaudeCodeClient({ baseUrl, apiKey, retries: 2 })
}

/** An address without a path is that of a server, whose API is at `/api/v1`. */
export function toBaseUrl(text: string, field: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new ConfigError(field, 'must be a URL, such as http://127.0.0.1:3050')
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError(field, 'must not contain a name or password')
  }
  const path = url.pathname.replace(/\/+$/, '')
  return `${url.origin}${path === '' ? mountPath : path}`
}

/** Refuses what cannot be a part of a path; any other text is at worst an unknown id. */
export function checkId(id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new ConfigError('session', 'must be the id of a session')
  return id
}
