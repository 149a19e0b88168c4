import { z } from 'zod'
import { booleanParameter, identifier, integerParameter, timestamp } from './primitives.ts'

const path = z.string().max(4096).meta({
  description:
    "Relative to the session's working directory, or absolute inside one of its directories; empty: the working directory",
})
const filePath = path.min(1)

export const fileType = z.enum(['file', 'directory', 'symlink', 'other']).meta({
  id: 'FileType',
  description: '`other`: a socket, a FIFO or a device, which is never opened',
})

export const fileEntry = z
  .strictObject({
    path: z.string().meta({ description: 'As it is asked for; absolute outside the working directory' }),
    name: z.string(),
    type: fileType,
    sizeBytes: z.int().min(0).nullable().meta({ description: 'null for anything but a file' }),
    modifiedAt: timestamp,
    target: z.string().optional().meta({
      description:
        "Where a symbolic link leads to, when that lies inside the session's directories, whether or not anything is there",
    }),
    escaped: z.literal(true).optional().meta({
      description:
        'The name is not UTF-8: its bytes beyond ASCII are shown as `%XX`. Paths, archives and diffs have it under the name shown',
    }),
    get children() {
      return z.array(fileEntry).optional()
    },
    truncated: z.literal(true).optional().meta({
      description: 'Not everything in this directory is shown; ask for it by its own path',
    }),
  })
  .meta({ id: 'FileEntry' })

export const listFilesQuery = z.strictObject({
  path: path.default(''),
  depth: integerParameter(1, 10).default(1).meta({
    description: 'How many levels are shown. What is in `.git` is shown only to who asks for its path',
  }),
  limit: integerParameter(1, 1000).default(200).meta({ description: 'Entries of the directory itself' }),
  cursor: z.string().min(1).max(1000).optional().meta({ description: '`nextCursor` of the page before' }),
})

export const listFilesResponse = z
  .strictObject({
    sessionId: identifier,
    path: z.string().meta({ description: 'Of the directory, symbolic links resolved' }),
    entries: z.array(fileEntry).meta({ description: 'In order of their names, hidden ones included' }),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'ListFilesResponse' })

export const fileQuery = z.strictObject({ path: filePath })

export const deleteFileQuery = z.strictObject({
  path: filePath,
  recursive: booleanParameter.default(false).meta({
    description: 'Whether a directory is removed with everything in it; else only an empty one is',
  }),
})

export const archiveQuery = z.strictObject({
  path: path.default('').meta({ description: 'A directory or a file; empty: the working directory' }),
  exclude: z.string().max(4096).optional().meta({
    description:
      'What is left out, with commas between: a name wherever it is (`.git,node_modules`), or a path from where the archive begins (`dist/maps`)',
  }),
})

const tags = z.string().max(8192).optional()
const ifMatch = tags.meta({
  description: 'ETags, or `*` for anything that exists: only changed when it is one of these, else 412',
})

export const readFileHeaders = z.strictObject({
  'If-None-Match': tags.meta({ description: 'ETags: 304 when it is one of these' }),
  Range: z.string().max(1000).optional().meta({
    description: 'One range of bytes; several are answered with the whole file',
  }),
  'If-Range': z.string().max(1000).optional().meta({
    description: 'An ETag: the range counts only when it is this one',
  }),
})

export const writeFileHeaders = z.strictObject({
  'If-Match': ifMatch,
  'If-None-Match': tags.meta({ description: '`*`: only created, never overwritten; else 412' }),
  'Content-Range': z
    .string()
    .refine(() => false, { message: 'a part of a file cannot be written; send the whole content without it' })
    .optional()
    .meta({ description: 'Refused with 400: a part of a file cannot be written' }),
})

export const deleteFileHeaders = z.strictObject({ 'If-Match': ifMatch })

export const writtenFile = z
  .strictObject({
    path: z.string(),
    sizeBytes: z.int().min(0),
    modifiedAt: timestamp,
    etag: z.string().meta({ description: 'As in the header `ETag`, quotes included' }),
  })
  .meta({ id: 'WrittenFile' })

export type FileType = z.infer<typeof fileType>
export type FileEntry = z.infer<typeof fileEntry>
export type ListFilesResponse = z.infer<typeof listFilesResponse>
export type WrittenFile = z.infer<typeof writtenFile>
