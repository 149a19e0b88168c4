import { z } from 'zod'
import { booleanParameter, integerParameter, sessionIdentifier, timestamp } from './primitives.ts'

const path = z.string().max(4096).meta({
  description:
    "Relative to the session's working directory, or absolute inside one of its directories; empty: the working directory",
})
const filePath = path.min(1)

export const fileType = z.enum(['file', 'directory', 'symlink', 'other']).meta({
  id: 'FileType',
  description: '`other`: a socket, FIFO or device; never opened',
})

export const fileEntry = z
  .strictObject({
    path: z
      .string()
      .meta({ description: 'The path to use in calls; absolute outside the working directory' }),
    name: z.string().meta({ description: 'The last part of the path' }),
    type: fileType,
    sizeBytes: z.int().min(0).nullable().meta({ description: 'null unless the entry is a file' }),
    modifiedAt: timestamp,
    target: z.string().optional().meta({
      description:
        "The target of a symbolic link, if it is inside the session's directories; the target need not exist",
    }),
    escaped: z.literal(true).optional().meta({
      description:
        'The name is not UTF-8: bytes beyond ASCII are shown as `%XX`. Use the name as shown in paths; archives and diffs use it too',
    }),
    get children() {
      return z
        .array(fileEntry)
        .optional()
        .meta({ description: 'Entries of a directory; absent below `depth`' })
    },
    truncated: z.literal(true).optional().meta({
      description: 'Some entries of this directory are left out; list it by its own path',
    }),
  })
  .meta({ id: 'FileEntry', description: 'An entry of a directory' })

export const listFilesQuery = z.strictObject({
  path: path.default(''),
  depth: integerParameter(1, 10).default(1).meta({
    description: 'Levels to show. The content of `.git` is shown only if `path` names it',
  }),
  limit: integerParameter(1, 1000).default(200).meta({ description: 'Entries of the directory itself' }),
  cursor: z.string().min(1).max(1000).optional().meta({ description: '`nextCursor` of the previous page' }),
})

export const listFilesResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    path: z.string().meta({ description: 'The path of the directory, with symbolic links resolved' }),
    entries: z.array(fileEntry).meta({ description: 'Sorted by name, including hidden files' }),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The `cursor` of the next page; null: this is the last page' }),
  })
  .meta({ id: 'ListFilesResponse' })

export const fileQuery = z.strictObject({ path: filePath })

export const deleteFileQuery = z.strictObject({
  path: filePath,
  recursive: booleanParameter.default(false).meta({
    description:
      'Whether to remove a directory with everything in it; otherwise only an empty directory is removed',
  }),
})

export const archiveQuery = z.strictObject({
  path: path.default('').meta({ description: 'A directory or a file; empty: the working directory' }),
  exclude: z.string().max(4096).optional().meta({
    description:
      'Comma-separated files to leave out: names at any depth (`.git,node_modules`), or paths from the root of the archive (`dist/maps`)',
  }),
})

const tags = z.string().max(8192).optional()
const ifMatch = tags.meta({
  description:
    'ETags, or `*` for any existing file: the file is changed only if its ETag is among them; otherwise 412',
})

export const readFileHeaders = z.strictObject({
  'If-None-Match': tags.meta({ description: "ETags: 304 if the file's ETag is among them" }),
  Range: z.string().max(1000).optional().meta({
    description: 'One range of bytes; a request for several ranges gets the whole file',
  }),
  'If-Range': z.string().max(1000).optional().meta({
    description: 'An ETag: the range applies only if the file still has this ETag',
  }),
})

export const writeFileHeaders = z.strictObject({
  'If-Match': ifMatch,
  'If-None-Match': tags.meta({ description: '`*`: only create the file, never overwrite it; otherwise 412' }),
  'Content-Range': z
    .string()
    .refine(() => false, {
      message: 'must be absent: a part of a file cannot be written; send the whole content',
    })
    .optional()
    .meta({ description: 'Refused with 400: a part of a file cannot be written' }),
})

export const deleteFileHeaders = z.strictObject({ 'If-Match': ifMatch })

export const writtenFile = z
  .strictObject({
    path: z.string().meta({ description: 'Relative to the working directory; absolute outside it' }),
    sizeBytes: z.int().min(0).meta({ description: 'Size of the content in bytes' }),
    modifiedAt: timestamp,
    etag: z.string().meta({ description: 'Same as the header `ETag`, quotes included' }),
  })
  .meta({ id: 'WrittenFile' })

export type FileType = z.infer<typeof fileType>
export type FileEntry = z.infer<typeof fileEntry>
export type ListFilesResponse = z.infer<typeof listFilesResponse>
export type WrittenFile = z.infer<typeof writtenFile>
