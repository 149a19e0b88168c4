// The server under load in a process of its own. Its only argument, as JSON: `ServerSettings`.
// First: it counts what the store does.
import './count-commits.ts'
import { serve } from '../../src/app/serve.ts'
import type { ClaudeCodeApiConfig } from '../../src/config/options.ts'
import { serveParent } from './serve-parent.ts'
import { serveScripted } from './serve-scripted.ts'

export interface ServerSettings {
  engine: 'claude' | 'scripted'
  options: ClaudeCodeApiConfig
}

const { engine, options } = JSON.parse(process.argv[2] ?? '{}') as ServerSettings
const server =
  engine === 'scripted'
    ? await serveScripted(options)
    : await serve({ host: '127.0.0.1', port: 0, ...options })
serveParent(server.url, () => server.close())
