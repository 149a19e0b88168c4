import { z } from 'zod'

const megabyte = 1024 * 1024
const gigabyte = 1024 * megabyte
const bytes = z.int().min(megabyte)

export interface IsolationLimitsConfig {
  /** Memory, including the files in temporary and home directories. Default: 4 GiB. */
  memoryBytes?: number
  /** Processes and threads. Default: 1024. */
  processes?: number
  /** Files in `/tmp`, and in `/dev/shm`. Default: 1 GiB each. */
  temporaryBytes?: number
  /** Files in the home directory. Default: 1 GiB. */
  homeBytes?: number
}

export const isolationOptions = {
  isolation: z.enum(['none', 'process']).optional(),
  isolationLimits: z
    .strictObject({
      // Claude Code itself takes some 300 MiB.
      memoryBytes: z
        .int()
        .min(512 * megabyte)
        .default(4 * gigabyte),
      // Claude Code itself has some 30 threads.
      processes: z.int().min(64).default(1024),
      temporaryBytes: bytes.default(gigabyte),
      homeBytes: bytes.default(gigabyte),
    })
    .prefault({}),
  isolationPaths: z.array(z.string().startsWith('/', 'must be an absolute path')).default([]),
  allowWeakerBounds: z.boolean().default(false),
  maxWorkspaceBytes: bytes.default(20 * gigabyte),
}

export type ResolvedIsolationLimits = z.infer<typeof isolationOptions.isolationLimits>
