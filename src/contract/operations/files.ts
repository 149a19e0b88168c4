import {
  archiveQuery,
  deleteFileHeaders,
  deleteFileQuery,
  fileQuery,
  listFilesQuery,
  listFilesResponse,
  readFileHeaders,
  writeFileHeaders,
  writtenFile,
} from '../files.ts'
import { defaults, type Operation, ofSession } from '../operation.ts'

const octets = 'application/octet-stream'
const pathErrors = ['SESSION_NOT_FOUND', 'FILE_NOT_FOUND', 'PATH_NOT_ALLOWED'] as const
const changeErrors = [...pathErrors, 'SESSION_EXPIRED', 'SESSION_ENDED', 'PRECONDITION_FAILED'] as const
const etag = 'A strong ETag, which changes with every change of the file'
const fileHeaders = {
  ETag: etag,
  'Last-Modified': 'When the file was last modified',
  'Accept-Ranges': '`bytes`',
  'Content-Disposition': '`attachment` for everything that a browser might run',
} as const

export const filesOperations = {
  listFiles: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/files',
    scopes: ['workspace:read'],
    tag: 'Workspace',
    summary: "List one of the session's directories",
    params: ofSession,
    query: listFilesQuery,
    success: [{ status: 200, description: 'One page', schema: listFilesResponse }],
    errors: pathErrors,
    audit: { action: 'file.list', when: 'answer', fields: ['path', 'depth'] },
    fault: 'INTERNAL',
  },
  readFile: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/files/content',
    scopes: ['workspace:read'],
    tag: 'Workspace',
    summary: 'Read a file, or a part of it',
    params: ofSession,
    query: fileQuery,
    headers: readFileHeaders,
    success: [
      {
        status: 200,
        description: 'The content, with the media type that follows from the name',
        contentType: octets,
        headers: fileHeaders,
      },
      {
        status: 206,
        description: 'The requested range',
        contentType: octets,
        headers: { ...fileHeaders, 'Content-Range': 'The range of the bytes' },
      },
      { status: 304, description: 'Not changed', headers: { ETag: etag } },
    ],
    errors: [...pathErrors, 'RANGE_NOT_SATISFIABLE'],
    audit: { action: 'file.read', when: 'answer', fields: ['path'] },
    fault: 'INTERNAL',
  },
  writeFile: {
    ...defaults,
    method: 'put',
    path: '/sessions/:sessionId/files/content',
    scopes: ['workspace:write'],
    tag: 'Workspace',
    summary: 'Create a file or replace its content, atomically',
    params: ofSession,
    query: fileQuery,
    headers: writeFileHeaders,
    upload: 'The content; missing directories are created',
    success: [
      { status: 200, description: 'Replaced', schema: writtenFile, headers: { ETag: etag } },
      { status: 201, description: 'Created', schema: writtenFile, headers: { ETag: etag } },
    ],
    errors: changeErrors,
    audit: { action: 'file.write', when: 'answer', fields: ['path'] },
    fault: 'INTERNAL',
  },
  deleteFile: {
    ...defaults,
    method: 'delete',
    path: '/sessions/:sessionId/files/content',
    scopes: ['workspace:write'],
    tag: 'Workspace',
    summary: 'Remove a file, a symbolic link (not its target) or a directory',
    params: ofSession,
    query: deleteFileQuery,
    headers: deleteFileHeaders,
    success: [{ status: 204, description: 'Removed' }],
    errors: changeErrors,
    audit: { action: 'file.delete', when: 'answer', fields: ['path', 'recursive'] },
    fault: 'INTERNAL',
  },
  getArchive: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/archive',
    scopes: ['workspace:read'],
    tag: 'Workspace',
    summary: "Download one of the session's directories as a compressed archive (tar.gz)",
    params: ofSession,
    query: archiveQuery,
    success: [
      {
        status: 200,
        description:
          'Files, directories and the symbolic links between them, sorted by name; without sockets, FIFOs, devices, and links that lead out of the archive',
        contentType: octets,
        headers: { 'Content-Disposition': '`attachment` with a file name' },
      },
    ],
    errors: pathErrors,
    audit: { action: 'file.archive', when: 'answer', fields: ['path'] },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
