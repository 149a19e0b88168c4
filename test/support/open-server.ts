import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { assembleApi } from '../../src/app/create-api.ts'
import type { ClaudeCodeApiConfig } from '../../src/config/options.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { createClient } from './client.ts'
import { collectLog } from './collect-log.ts'
import { endsLater, isShared, openOnce } from './lifetime.ts'
import { temporaryDirectory } from './open-sessions.ts'
import { cheapStart, claudeEnvironment, openModel } from './real-claude.ts'

export const apiKey = 'key-of-the-tests'

/** The whole API in this process, on a real socket, with the real Claude Code and the stand-in; closed after the test. */
export async function openServer(
  given: ClaudeCodeApiConfig & {
    environment?: Record<string, string>
    mount?: string
    /** Keeps the bodies of the requests to the model. */
    record?: boolean
  } = {},
) {
  const { environment, mount = '/api/v1', record = false, ...config } = given
  const model = await openModel({ record })
  const cwd = temporaryDirectory()
  const log = collectLog()
  const resolved = resolveConfig(
    {
      auth: { apiKeys: [apiKey] },
      rateLimit: { enabled: false },
      dataDir: `${cwd}/data`,
      defaultCwd: cwd,
      logger: log.logger,
      drainTimeoutMs: 0,
      // Tests count processes; those of the spare one ask for it.
      keepSpareProcess: false,
      // Every answer of every test has to keep to the document.
      openApiValidation: { enabled: true },
      ...config,
      agentEnv: { ...cheapStart, ...config.agentEnv },
    },
    { ...claudeEnvironment(model, cwd), ...environment },
  )
  const { api } = assembleApi(resolved)
  const app = express().use(mount, api).use('/console', api.console)
  const server = app.listen(0, '127.0.0.1')
  server.on('upgrade', api.upgrade(app))
  // A client that was silent for long must not meet a connection that is just being closed. (0 would not be never:
  // Node adds a second to it.)
  server.keepAliveTimeout = 600_000
  await once(server, 'listening')
  const closed = once(server, 'close')
  const close = async () => {
    await api.close()
    server.close()
    server.closeAllConnections()
    await closed
  }
  endsLater(close)
  await api.ready
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}${mount}`
  return { api, model, cwd, base, log, close, server, ...createClient(base, apiKey) }
}

/** One server for all tests of a file. Sessions end with the test that has made them; those of `openOnce` stay. */
export function shareServer(given: Parameters<typeof openServer>[0] = {}) {
  const shared = openOnce(async () => ({ server: await openServer(given), kept: new Set<string>() }))
  return () => {
    const { server, kept } = shared()
    if (isShared()) {
      const createSession = async (body: unknown = {}) => {
        const id = await server.createSession(body)
        kept.add(id)
        return id
      }
      return { ...server, createSession }
    }
    endsLater(async () => {
      const { sessions } = (await server.call('GET', '/sessions?limit=200')).body
      const made = sessions.filter(({ sessionId }: { sessionId: string }) => !kept.has(sessionId))
      for (const { sessionId } of made) await server.call('DELETE', `/sessions/${sessionId}`)
    })
    return server
  }
}
