import { hostname } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { ConfigError } from '../lib/config-error.ts'
import { isLoopbackAddress } from '../lib/host-name.ts'
import { type HostAndPort, parseHostAndPort } from '../lib/host-policy.ts'

/** Several nodes that share one PostgreSQL database. It is on if `listen` is set. */
export interface ClusterConfig {
  /**
   * The address for other nodes, as `host:port`, such as `10.0.0.5:3051`; port 0 takes a free one. Nothing else listens
   * there, and only signed requests are answered. Needs `database`. Default: none, the server is alone.
   */
  listen?: string
  /** The URL of that address as other nodes reach it, such as `https://node-a.internal:3051`. Default: made of `listen`. */
  url?: string
  /** Signs the requests between nodes: at least 32 characters, the same on all nodes. */
  secret?: string
  /**
   * The name of the machine, which stays the same when its node starts again: sessions whose directory is in no shared
   * volume run on nodes of this name only. Default: the host name.
   */
  name?: string
  /** How long after its last sign of life a node counts as dead, in milliseconds. Default: 10 seconds. */
  leaseMs?: number
  /** Directories that have the same content at the same path on each node that lists them. Default: none. */
  volumes?: string[]
  /**
   * A directory that all nodes reach, such as a mounted bucket or a network file system, for snapshots of the directories
   * that the server makes for sessions. Sessions with a directory of their own then run on any node with this option and
   * the same `workspacesDir`. It must exist. Default: none, they run where their directory is.
   */
  snapshotsDir?: string
  /** The certificate of the address, a PEM file; together with `keyFile`. Default: plain HTTP. */
  certFile?: string
  /** The key of the certificate, a PEM file. */
  keyFile?: string
  /** The certificates that sign those of other nodes, a PEM file. Default: those that Node trusts. */
  caFile?: string
  /** Whether other machines may be reached without TLS: on a network that encrypts by itself. Default: false. */
  allowPlainHttp?: boolean
}

const text = z.string().min(1)
const file = text.refine(value => !value.includes('\0'), 'must not contain NUL')

export const clusterSchema = z.strictObject({
  listen: z
    .string()
    .refine(value => toAddress(value) !== undefined, 'must be host:port, such as 10.0.0.5:3051')
    .optional(),
  url: z.string().refine(isOrigin, 'must be http:// or https:// with a host, and no path').optional(),
  secret: z.string().min(32).optional(),
  name: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'must have at most 100 letters, digits, dots, - and _')
    .optional(),
  leaseMs: z.int().min(1_000).max(600_000).default(10_000),
  volumes: z.array(z.string().startsWith('/', 'must be an absolute path')).default([]),
  snapshotsDir: file.startsWith('/', 'must be an absolute path').optional(),
  certFile: file.optional(),
  keyFile: file.optional(),
  caFile: file.optional(),
  allowPlainHttp: z.boolean().default(false),
})

export interface ResolvedCluster {
  name: string
  listen: HostAndPort
  /** Undefined: made of the address that is listened on. */
  url: string | undefined
  secret: string
  leaseMs: number
  /** Absolute paths without a slash at the end. */
  volumes: readonly string[]
  /** Undefined: directories of sessions stay where they are. */
  snapshotsDir: string | undefined
  /** Undefined: plain HTTP. */
  tls: { certFile: string; keyFile: string } | undefined
  caFile: string | undefined
  allowPlainHttp: boolean
}

/**
 * Returns undefined if the server is alone.
 *
 * @throws ConfigError
 */
export function resolveCluster(
  { listen, url, secret, leaseMs, allowPlainHttp, ...given }: z.output<typeof clusterSchema>,
  hasDatabase: boolean,
): ResolvedCluster | undefined {
  const address = listen === undefined ? undefined : toAddress(listen)
  if (!address) {
    const [field] =
      Object.entries({ url, secret, name: given.name, snapshotsDir: given.snapshotsDir }).find(
        ([, value]) => value,
      ) ?? []
    if (field) throw new ConfigError(`cluster.${field}`, 'has no effect without cluster.listen')
    return undefined
  }
  if (!hasDatabase) throw new ConfigError('cluster.listen', 'needs database.url: nodes share a database')
  if (secret === undefined)
    throw new ConfigError('cluster.secret', 'must be set together with cluster.listen')
  const { certFile, keyFile, caFile } = given
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const missing = certFile === undefined ? 'certFile' : 'keyFile'
    throw new ConfigError(`cluster.${missing}`, 'is missing: a certificate needs its key')
  }
  const tls = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile }
  refusePlain(address, url, tls !== undefined || allowPlainHttp)
  return {
    ...{ listen: address, url, secret, leaseMs, allowPlainHttp, tls, caFile },
    name:
      given.name ??
      hostname()
        .replace(/[^\w.-]/g, '-')
        .slice(0, 100),
    volumes: given.volumes.map(volume => path.resolve(volume)),
    snapshotsDir: given.snapshotsDir && path.resolve(given.snapshotsDir),
  }
}

/** Signatures protect requests from changes, not from readers on the way. */
function refusePlain({ host }: HostAndPort, url: string | undefined, isAllowed: boolean): void {
  if (isAllowed || (isLoopbackAddress(host) && (url === undefined || isLoopbackUrl(url)))) return
  throw new ConfigError(
    'cluster.listen',
    'is reached from other machines without TLS: set cluster.certFile and cluster.keyFile, or cluster.allowPlainHttp',
  )
}

function isLoopbackUrl(text: string): boolean {
  return isLoopbackAddress(new URL(text).hostname.replace(/^\[|\]$/g, ''))
}

/** Port 0 can be listened on, but not connected to. */
function toAddress(value: string): HostAndPort | undefined {
  const free = /^(.*):0$/.exec(value)
  const address = parseHostAndPort(free ? `${free[1]}:1` : value)
  return address && free ? { ...address, port: 0 } : address
}

function isOrigin(value: string): boolean {
  const url = URL.parse(value)
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    url.search + url.hash + url.username + url.password === ''
  )
}
