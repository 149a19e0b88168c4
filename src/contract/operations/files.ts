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
const etag = 'Changes with every change of the file; strong'
const fileHeaders = {
  ETag: etag,
  'Last-Modified': 'When the file was changed',
  'Accept-Ranges': '`bytes`',
  'Content-Disposition': '`attachment` for everything that a browser might run',
} as const

export const filesOperations = {
  listFiles: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/files',
    tag: 'Workspace',
    summary: "What is in one of the session's directories",
    params: ofSession,
    query: listFilesQuery,
    success: [{ status: 200, description: 'One page', schema: listFilesResponse }],
    errors: pathErrors,
    fault: 'INTERNAL',
  },
  readFile: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/files/content',
    tag: 'Workspace',
    summary: 'The content of a file, or a part of it',
    params: ofSession,
    query: fileQuery,
    headers: readFileHeaders,
    success: [
      {
        status: 200,
        description: 'The content, with the type that its name stands for',
        contentType: octets,
        headers: fileHeaders,
      },
      {
        status: 206,
        description: 'The range that was asked for',
        contentType: octets,
        headers: { ...fileHeaders, 'Content-Range': 'Which bytes these are' },
      },
      { status: 304, description: 'Not changed', headers: { ETag: etag } },
    ],
    errors: [...pathErrors, 'RANGE_NOT_SATISFIABLE'],
    fault: 'INTERNAL',
  },
  writeFile: {
    ...defaults,
    method: 'put',
    path: '/sessions/:sessionId/files/content',
    tag: 'Workspace',
    summary: 'Create a file or replace its content, all at once',
    params: ofSession,
    query: fileQuery,
    headers: writeFileHeaders,
    upload: 'The content; directories that are missing are made',
    success: [
      { status: 200, description: 'Replaced', schema: writtenFile, headers: { ETag: etag } },
      { status: 201, description: 'Created', schema: writtenFile, headers: { ETag: etag } },
    ],
    errors: changeErrors,
    fault: 'INTERNAL',
  },
  deleteFile: {
    ...defaults,
    method: 'delete',
    path: '/sessions/:sessionId/files/content',
    tag: 'Workspace',
    summary: 'Remove a file, a symbolic link (not what it leads to) or a directory',
    params: ofSession,
    query: deleteFileQuery,
    headers: deleteFileHeaders,
    success: [{ status: 204, description: 'Removed' }],
    errors: changeErrors,
    fault: 'INTERNAL',
  },
  getArchive: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/archive',
    tag: 'Workspace',
    summary: "One of the session's directories as a compressed archive (tar.gz)",
    params: ofSession,
    query: archiveQuery,
    success: [
      {
        status: 200,
        description:
          'Files, directories and the symbolic links between them, in order of their names; sockets, FIFOs, devices and links that lead out are left out',
        contentType: octets,
        headers: { 'Content-Disposition': 'With a name for the archive' },
      },
    ],
    errors: pathErrors,
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
