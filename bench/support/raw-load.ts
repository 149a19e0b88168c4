import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { quantile } from './report.ts'

export interface Load {
  answers: number
  perSecond: number
  medianMs: number
  p99Ms: number
}

/**
 * Asks over so many connections, each for one thing after the other, for so long. HTTP is written and read by hand:
 * Node's client costs more than the server that is to be measured.
 *
 * @throws when an answer is not 200
 */
export async function loadWith(
  url: string,
  nextPath: () => string,
  options: { apiKey: string; connections: number; forMs: number },
): Promise<Load> {
  const { hostname, port } = new URL(url)
  const latencies: number[] = []
  const begun = performance.now()
  const end = begun + options.forMs
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      const socket = connect(Number(port), hostname)
      try {
        await once(socket, 'connect')
        socket.setNoDelay(true)
        await askUntil(socket, end, latencies, () => toRequest(nextPath(), hostname, options.apiKey))
      } finally {
        socket.destroy()
      }
    }),
  )
  const seconds = (performance.now() - begun) / 1000
  return {
    answers: latencies.length,
    perSecond: latencies.length / seconds,
    medianMs: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  }
}

function toRequest(path: string, host: string, key: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nx-api-key: ${key}\r\n\r\n`
}

function askUntil(socket: Socket, end: number, latencies: number[], next: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = 0
    /** Bytes that are left of the answer; undefined until its head is known. */
    let left: number | undefined
    let head = ''
    const ask = () => {
      head = ''
      left = undefined
      asked = performance.now()
      socket.write(next())
    }
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server has closed a connection')))
    socket.on('data', chunk => {
      if (left === undefined) {
        head += chunk.toString('latin1')
        const bodyAt = head.indexOf('\r\n\r\n') + 4
        if (bodyAt === 3) return
        const length = /^content-length: (\d+)/im.exec(head)?.[1]
        if (!head.startsWith('HTTP/1.1 200') || length === undefined) {
          reject(new Error(head.slice(0, 500)))
          return
        }
        left = Number(length) - (head.length - bodyAt)
      } else left -= chunk.length
      if (left > 0) return
      const now = performance.now()
      latencies.push(now - asked)
      if (now < end) ask()
      else resolve()
    })
    ask()
  })
}
