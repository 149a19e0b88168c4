import {
  type AgentContext,
  type ClientCapabilities,
  methods,
  type PermissionOption,
} from '@agentclientprotocol/sdk'
import type { AnswerPermissionRequest, ClientTool, PermissionRequest } from '../../client/index.ts'
import { type Asked, select } from './choosing.ts'
import { invalid } from './errors.ts'
import { extension } from './extension.ts'

export const clientMethods = ['fs', 'terminal'] as const
export type ClientMethods = (typeof clientMethods)[number]

/** The request by which a client is asked to run a tool that it has declared itself. */
export const callToolMethod = `_${extension}/call_tool`

const longestOutputBytes = 100_000
const text = { type: 'string' }
const path = { ...text, description: 'Absolute path' }

function toTool(
  name: string,
  description: string,
  properties: Record<string, unknown>,
  required: string[],
  readOnly = false,
): ClientTool {
  const inputSchema = { type: 'object', properties, required, additionalProperties: false }
  return { name, description, inputSchema, readOnly }
}

const readTool = toTool(
  'acp_read_text_file',
  "Reads a text file on the machine of the person's editor, with changes that are not saved yet",
  { path, line: { type: 'integer', minimum: 1 }, limit: { type: 'integer', minimum: 1 } },
  ['path'],
  true,
)
const writeTool = toTool(
  'acp_write_text_file',
  "Writes a text file on the machine of the person's editor",
  { path, content: text },
  ['path', 'content'],
)
const runTool = toTool(
  'acp_run_command',
  "Runs a program in a terminal on the machine of the person's editor, and returns its output",
  { command: text, args: { type: 'array', items: text }, cwd: path },
  ['command'],
)
const ownNames = new Set([readTool, writeTool, runTool].map(({ name }) => name))

/** The tools that stand for methods of the client. */
export function toClientTools(wanted: unknown, { fs, terminal }: ClientCapabilities): ClientTool[] {
  if (wanted === undefined) return []
  const list: unknown[] = Array.isArray(wanted) ? wanted : [wanted]
  return list.flatMap(name => {
    if (name === 'fs' && (fs?.readTextFile || fs?.writeTextFile)) {
      return [...(fs.readTextFile ? [readTool] : []), ...(fs.writeTextFile ? [writeTool] : [])]
    }
    if (name === 'terminal' && terminal) return [runTool]
    const isKnown = (clientMethods as readonly unknown[]).includes(name)
    const problem = isKnown ? `the client has no ${name}` : `must be one of ${clientMethods.join(', ')}`
    throw invalid('clientMethods', problem)
  })
}

type Input = Readonly<Record<string, unknown>>
type Answer = AnswerPermissionRequest | 'cancelled'

const options: PermissionOption[] = [
  { optionId: 'allow', name: 'Allow', kind: 'allow_once' },
  { optionId: 'allow_always', name: 'Always allow on this connection', kind: 'allow_always' },
  { optionId: 'reject', name: 'Reject', kind: 'reject_once' },
]

/** Runs the tools of a client, over its own methods where they stand for those. */
export class ClientTools {
  readonly #to: Asked
  /** Tools that the person always allows. */
  readonly #allowed = new Set<string>([readTool.name])

  constructor(to: Asked) {
    this.#to = to
  }

  async answer(request: PermissionRequest, signal: AbortSignal): Promise<Answer> {
    const { toolName } = request
    try {
      if (!ownNames.has(toolName)) return await this.#call(request, signal)
      // Clients leave it to agents to ask before they write or run something.
      const chosen = this.#allowed.has(toolName) ? 'allow' : await select(this.#to, request, options, signal)
      if (chosen === 'cancelled') return chosen
      if (chosen !== 'allow' && chosen !== 'allow_always') return { error: 'The person does not allow it' }
      if (chosen === 'allow_always') this.#allowed.add(toolName)
      return { result: await this.#run(request, signal) }
    } catch (error) {
      return { error: `The client failed: ${describe(error)}` }
    }
  }

  async #call(
    { sessionId, toolUseId, toolName, input }: PermissionRequest,
    signal: AbortSignal,
  ): Promise<AnswerPermissionRequest> {
    const params = { sessionId, toolCallId: toolUseId, name: toolName, arguments: input }
    const cancellation = { cancellationSignal: signal, stopWaitingOnCancel: true }
    const answer = await this.#to.client.request<AnswerPermissionRequest | null>(
      callToolMethod,
      params,
      cancellation,
    )
    if (answer?.result === undefined && answer?.error === undefined) {
      return { error: `The client answered ${callToolMethod} with neither result nor error` }
    }
    return answer.error === undefined ? { result: answer.result ?? '' } : { error: answer.error }
  }

  async #run(
    { sessionId, toolName, toolUseId, input }: PermissionRequest,
    signal: AbortSignal,
  ): Promise<string> {
    const { client } = this.#to
    const cancellation = { cancellationSignal: signal, stopWaitingOnCancel: true }
    const fields = { sessionId, ...(input as Input) } as never
    if (toolName === readTool.name) {
      const answer = await client.request(methods.client.fs.readTextFile, fields, cancellation)
      if (typeof answer?.content !== 'string') throw new TypeError('content: must be a string')
      return answer.content
    }
    if (toolName === writeTool.name) {
      await client.request(methods.client.fs.writeTextFile, fields, cancellation)
      return 'The file is written.'
    }
    return runCommand(client, sessionId, toolUseId, input, signal)
  }
}

/** The library does not check what clients answer, and fails with a `TypeError` where a part is missing. */
function describe(error: unknown): string {
  if (error instanceof TypeError) return 'its answer does not have the form of the protocol'
  return (error as Error)?.message || 'unknown error'
}

async function runCommand(
  client: AgentContext,
  sessionId: string,
  toolCallId: string | null,
  input: Input,
  signal: AbortSignal,
): Promise<string> {
  const command = { sessionId, ...input, outputByteLimit: longestOutputBytes } as never
  await using terminal = await client.createTerminal(command)
  // Releasing the terminal, which follows, ends the program too.
  const over = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  over.catch(() => {})
  if (toolCallId !== null) {
    await client.notify(methods.client.session.update, {
      sessionId,
      update: {
        sessionUpdate: 'tool_call_update',
        toolCallId,
        content: [{ type: 'terminal', terminalId: terminal.id }],
      },
    })
  }
  const { exitCode, signal: killedBy } = await Promise.race([terminal.waitForExit(), over])
  const { output, truncated } = await terminal.currentOutput()
  const end = killedBy ? `ended by ${killedBy}` : `exit code ${exitCode ?? 'unknown'}`
  return `${truncated ? '[The beginning is cut off]\n' : ''}${output}\n[${end}]`
}
