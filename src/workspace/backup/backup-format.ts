import { z } from 'zod'
import { BackupError } from './backup-error.ts'

// A backup is a tar.gz: `backup.json`, then the rows as `store/<table>/<number>.jsonl`, then files below the names of
// their parts, then `manifest.json`, which has the digests of everything before it.

export const headerName = 'backup.json'
export const manifestName = 'manifest.json'

const formatName = 'claude-code-api backup'
const formatVersion = 1

/** Directories of files in a backup. */
export const filePartNames = ['file-history', 'workspaces', 'secrets'] as const
export type FilePartName = (typeof filePartNames)[number]

/** The files of the data directory that only `secrets` may have. */
export const secretFileNames: readonly string[] = ['secret.key', 'server-key.json']

const tableName = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/)

const headerSchema = z.strictObject({
  format: z.literal(formatName),
  version: z.literal(formatVersion),
  createdAt: z.iso.datetime(),
  /** The version of the program that made the backup. */
  program: z.string(),
  store: z.enum(['sqlite', 'postgres']),
  migrations: z.array(z.string()),
  tables: z.array(z.strictObject({ name: tableName, columns: z.array(tableName) })),
  /** Which files are in it. */
  parts: z.array(z.enum(filePartNames)),
  /** Where the workspaces were; the directories of sessions are stored as absolute paths. */
  workspacesDir: z.string(),
})

export type BackupHeader = z.infer<typeof headerSchema>

const partSchema = z.strictObject({
  /** Of the names, kinds and contents of its entries, in their order. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Rows of a table, else files and links. */
  count: z.int().min(0),
  bytes: z.int().min(0),
})

const manifestSchema = z.strictObject({
  parts: z.record(z.string(), partSchema),
  /** Sessions whose file history was removed while the backup was made. */
  withoutFiles: z.array(z.string()),
  /** Files that are not in it: special files, links that lead out, unreadable ones. */
  skipped: z.int().min(0),
})

export type BackupManifest = z.infer<typeof manifestSchema>
export type BackupPart = z.infer<typeof partSchema>

export function makeHeader(fields: Omit<BackupHeader, 'format' | 'version'>): BackupHeader {
  return { format: formatName, version: formatVersion, ...fields }
}

/** @throws BackupError */
export function parseHeader(text: string): BackupHeader {
  const value = parseJson(text)
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown }
  if (format === formatName && typeof version === 'number' && version > formatVersion) {
    throw new BackupError(
      `The backup has format ${version}, and this program reads format ${formatVersion}. Use a newer program`,
    )
  }
  const { data } = headerSchema.safeParse(value)
  if (data) return data
  throw new BackupError('The file is not a backup of claude-code-api')
}

/** @throws BackupError */
export function parseManifest(text: string): BackupManifest {
  const { data } = manifestSchema.safeParse(parseJson(text))
  if (data) return data
  throw new BackupError('The backup is damaged: its manifest cannot be read')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
