/**
 * `query()` of `@anthropic-ai/claude-agent-sdk` against a server: a program that was written for the SDK runs with only
 * its import changed.
 *
 * @module
 */

export type * from '@anthropic-ai/claude-agent-sdk'
export { AbortError, NotSupportedError } from './errors.ts'
export { createQuery, type QueryConnection, query } from './query.ts'
export { createSdkMcpServer, tool } from './sdk-mcp-server.ts'
