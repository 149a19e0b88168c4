import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { FileEntry } from '../../client/index.ts'
import { path as anyPath, cursor, id, sessionId } from './inputs.ts'
import { readDiff, readFile } from './reading.ts'
import type { Surroundings } from './surroundings.ts'
import { addTool, toPageText, toResult } from './tool.ts'

const path = anyPath.describe(
  'Relative to the working directory, or absolute inside the directories of the session',
)
const annotations = { readOnlyHint: true, openWorldHint: false }

export function addFileTools(server: McpServer, surroundings: Surroundings): void {
  const { client } = surroundings
  addTool(server, surroundings, 'list_files', {
    title: 'List files',
    description: 'Lists a directory of a session.',
    inputSchema: z.strictObject({
      sessionId,
      path: path.optional(),
      depth: z.int().min(1).optional().describe('Levels to show'),
      limit: z.int().min(1).optional().describe('Entries of the directory itself'),
      cursor,
    }),
    annotations,
    async run({ sessionId, ...query }, { mcpReq: { signal } }) {
      const page = await client.call('listFiles', { params: { sessionId }, query }, { signal })
      const lines = page.entries.flatMap(describeEntry)
      return toResult(toPageText(lines, 'No files', page.nextCursor), { ...page })
    },
  })
  addTool(server, surroundings, 'read_file', {
    title: 'Read a file',
    description: 'Returns the content of a file of a session: text, an image, or other bytes in Base64.',
    inputSchema: z.strictObject({
      sessionId,
      path: path.min(1),
      offset: z.int().min(0).default(0).describe('The first byte'),
      maxBytes: z.int().min(1).max(1_048_576).default(131_072).describe('The most bytes to return'),
    }),
    annotations,
    async run({ sessionId, path, offset, maxBytes }, { mcpReq: { signal } }): Promise<CallToolResult> {
      const file = await readFile(client, { sessionId, path, offset, maxBytes }, signal)
      const { bytes, text, mimeType, sizeBytes, nextOffset, uri } = file
      const note: CallToolResult['content'] =
        nextOffset === null
          ? []
          : [
              {
                type: 'text',
                text: `[cut: the file has ${sizeBytes} bytes; continue with offset ${nextOffset}]`,
              },
            ]
      if (text !== undefined) {
        const range = { offset, bytes: bytes.length, sizeBytes, nextOffset }
        return {
          content: [{ type: 'text', text }, ...note],
          structuredContent: { sessionId, path, mimeType, ...range, text },
        }
      }
      // Without structured content, which some clients pass on in place of the bytes.
      const data = bytes.toString('base64')
      const isImage = mimeType.startsWith('image/') && bytes.length === sizeBytes
      return {
        content: [
          isImage
            ? { type: 'image', data, mimeType }
            : { type: 'resource', resource: { uri, mimeType, blob: data } },
          ...note,
        ],
      }
    },
  })
  addTool(server, surroundings, 'read_diff', {
    title: 'Read the differences',
    description: 'Returns what has changed in the files of a session, as a unified diff.',
    inputSchema: z.strictObject({
      sessionId,
      since: id.optional().describe('`session`, the default, or the id of a turn: since before it'),
      path: path.min(1).optional(),
    }),
    annotations,
    async run({ sessionId, ...query }, { mcpReq: { signal } }) {
      return toResult((await readDiff(client, sessionId, query, signal)) || 'No differences')
    },
  })
}

function describeEntry({ path, type, sizeBytes, truncated, children = [] }: FileEntry): string[] {
  const size = sizeBytes === null ? '' : ` ${sizeBytes}`
  return [
    `${path}${type === 'directory' ? '/' : ''}${size}`,
    ...children.flatMap(describeEntry),
    ...(truncated ? [`[entries of ${path}/ are left out: list it by its own path]`] : []),
  ]
}
