import { ClaudeCodeClient } from '../src/client/index.ts'

/** The client of the server that the environment names. */
export function connect(): ClaudeCodeClient {
  const { CLAUDE_CODE_API_URL = 'http://127.0.0.1:3050/api/v1', CLAUDE_API_KEY } = process.env
  return new ClaudeCodeClient({ baseUrl: CLAUDE_CODE_API_URL, apiKey: CLAUDE_API_KEY })
}
