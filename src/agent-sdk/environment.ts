import type { ClientOptions } from '../client/index.ts'

/**
 * The server as the environment of the program names it. This layer runs in the caller's program, which has changed
 * only an import, so the address and the key can come from nowhere else.
 */
export function connectionOfEnvironment(): ClientOptions {
  const { CLAUDE_CODE_API_URL, CLAUDE_CODE_API_KEY, CLAUDE_API_KEY } = ownEnvironment()
  return {
    baseUrl: CLAUDE_CODE_API_URL ?? 'http://127.0.0.1:3050/api/v1',
    // The second name is that of the command line.
    apiKey: CLAUDE_CODE_API_KEY ?? CLAUDE_API_KEY,
  }
}

/** The variables of this program. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}
