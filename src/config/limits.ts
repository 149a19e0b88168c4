import { readFileSync } from 'node:fs'
import { z } from 'zod'

const count = z.int().min(1)
// The longest delay of a timer.
const duration = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)
const megabyte = 1024 * 1024

/** Descriptors reserved for the database, files, and Claude Code processes with their pipes. */
const reservedDescriptors = 768

export const limitsSchema = z
  .strictObject({
    bodyBytes: count.default(512 * megabyte),
    bodyBytesPerKey: count.default(256 * megabyte),
    uploads: count.default(64),
    uploadsPerKey: count.default(32),
    bodyIdleMs: duration.default(20_000),
    streams: count.default(4_000),
    streamsPerKey: count.default(2_000),
    streamsPerSession: count.default(1_000),
    pipelinedRequests: count.default(16),
    wrongKeysPerAddress: count.default(10),
    connections: count.default(() => affordableConnections()),
    connectionsPerAddress: count.optional(),
    headersTimeoutMs: duration.default(15_000),
    requestTimeoutMs: duration.default(300_000),
  })
  .transform(({ connectionsPerAddress, ...limits }) => ({
    ...limits,
    // Half, so that one address cannot take all connections.
    connectionsPerAddress: connectionsPerAddress ?? Math.max(1, Math.floor(limits.connections / 2)),
  }))

export type ResolvedLimits = z.infer<typeof limitsSchema>

/** The number of connections that the descriptors of this process allow, at most 8192. */
function affordableConnections(): number {
  const descriptors = findDescriptorLimit() ?? 4096
  return Math.min(8192, Math.max(64, descriptors - reservedDescriptors))
}

/** Returns the descriptor limit; undefined if the system does not report one. */
function findDescriptorLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}
