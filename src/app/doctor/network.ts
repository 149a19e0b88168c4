import { once } from 'node:events'
import { createServer, get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import type { ResolvedTls } from '../../config/tls.ts'
import { ConfigError } from '../../lib/config-error.ts'
import { toListenError } from '../listen-error.ts'
import { mountPath } from '../serve.ts'
import { readCertificate, type TlsFiles } from '../tls/read-certificate.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

const answerMs = 3_000
const healthStatus = z.object({ status: z.enum(['healthy', 'degraded', 'unhealthy']) })

/** Where the server listens. */
export interface ServerAddress {
  host: string
  port: number
  tls?: ResolvedTls | undefined
}

/** Checks whether the server could listen, or listens already. */
export async function checkPort({ host, port, tls }: ServerAddress): Promise<Finding> {
  const check = 'port'
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return ok(check, `${port} on ${host} is free`)
  } catch (error) {
    const status = await findServer({ host, port, tls })
    if (status !== undefined)
      return ok(check, `a claude-code-api answers on ${host}, port ${port}: ${status}`)
    const fault = toListenError(error, host, port)
    if (fault instanceof Error)
      return failure(check, fault.message, 'stop the other program, or choose another address')
    throw error
  } finally {
    server.close()
  }
}

/** Asks for the health of a server of ours; undefined: there is none. */
async function findServer({ host, port, tls }: ServerAddress): Promise<string | undefined> {
  // Nothing is sent, and the address is this machine's own: the certificate need not be for it.
  const request = tls ? httpsGet : httpGet
  const path = `${mountPath}/health`
  try {
    const asked = request({ host, port, path, timeout: answerMs, rejectUnauthorized: false, agent: false })
    const [response] = (await once(asked, 'response', { signal: AbortSignal.timeout(answerMs) })) as [
      IncomingMessage,
    ]
    return healthStatus.safeParse(await json(response)).data?.status
  } catch {
    return undefined
  }
}

/** Checks whether the server could use the certificate. */
export function checkCertificate(files: TlsFiles): Finding {
  const check = 'TLS'
  try {
    const { names, validTo } = readCertificate(files)
    const day = new Date(validTo).toISOString().slice(0, 10)
    return validTo > Date.now()
      ? ok(check, `${names}, valid until ${day}`)
      : warning(check, `the certificate in ${files.certFile} expired on ${day}`, 'renew it')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return failure(check, error.message, 'correct the file or the option')
  }
}
