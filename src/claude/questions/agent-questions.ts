import type { Query } from '@anthropic-ai/claude-agent-sdk'
import { isRefusedCommand } from '../../contract/commands.ts'
import type { McpAction } from '../../contract/conversation.ts'
import { ServiceError } from '../../contract/errors.ts'
import { toPlainName as toSafeName, toPlainText as toSafeText } from '../../lib/plain-name.ts'
import type { AgentFailure, AgentQuestions } from '../../sessions/ports/index.ts'
import type { ForwardedServers } from '../settings/forwarded-servers.ts'
import { toPlainDescription, toPlainName } from '../settings/instruction-plugin.ts'
import { toContextUsage } from './context-usage.ts'
import { generateTitle } from './session-title.ts'

/** The timeout of an answer, in milliseconds. */
const answerBoundMs = 30_000
/** The same for a title: while the process is asked, its slot is not free for other sessions. */
const titleBoundMs = 10_000

export interface QuestionedProcess {
  /** Resolves to undefined when the process can be asked, otherwise to the failure. */
  ready: Promise<AgentFailure | undefined>
  /** Resolves when the process has ended. */
  exited: Promise<void>
  /** Returns the current process, because a conversation can be reopened in a second one. */
  query(): Query
  /** The MCP servers as the process reaches them. */
  servers: ForwardedServers
}

/** Questions to a process outside its turns; see the port `AgentQuestions`. */
export function createAgentQuestions(process: QuestionedProcess): AgentQuestions {
  const { ready, query, servers } = process
  /** Pending questions, which are rejected when the process ends. */
  const waiting = new Set<(failure: AgentFailure) => void>()
  let isGone = false
  void process.exited.then(() => {
    isGone = true
    for (const giveUp of waiting) giveUp(died)
  })
  async function ask<T>(question: (query: Query) => Promise<T>, boundMs = answerBoundMs): Promise<T> {
    const answer = Promise.withResolvers<T>()
    const giveUp = (failure: AgentFailure) => answer.reject(unavailable(failure))
    const timer = setTimeout(giveUp, boundMs, silent(boundMs))
    waiting.add(giveUp)
    void ready.then(failure => {
      if (failure ?? isGone) giveUp(failure ?? died)
      else question(query()).then(answer.resolve, () => giveUp(refused))
    })
    return answer.promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(giveUp)
    })
  }
  const findServer = async (query: Query, name: string) =>
    (await query.mcpServerStatus()).find(server => server.name === name)
  return {
    listCommands: () =>
      ask(async query =>
        (await query.supportedCommands())
          .filter(({ name }) => !isRefusedCommand(name))
          .map(({ name, description, argumentHint, aliases = [], builtin = false }) => ({
            name: toSafeName(toPlainName(name)),
            description: toSafeText(toPlainDescription(name, description)),
            argumentHint: toSafeName(argumentHint),
            // The name without the plugin is valid too; see `InstructionPlugin`.
            aliases:
              name === toPlainName(name)
                ? aliases.filter(alias => !isRefusedCommand(alias)).map(toSafeName)
                : [],
            builtIn: builtin,
          })),
      ),
    listAgents: () =>
      ask(async query =>
        (await query.supportedAgents()).map(({ name, description, model }) => ({
          name,
          description,
          model: model ?? null,
        })),
      ),
    describeContext: detail => ask(async query => toContextUsage(await query.getContextUsage({ detail }))),
    listMcpServers: () =>
      ask(async query =>
        (await query.mcpServerStatus())
          .filter(({ name }) => !servers.isOwn(name))
          .map(server => servers.describe(server)),
      ),
    changeMcpServer: (name, action) =>
      ask(async query => {
        if (!(await findServer(query, name))) return undefined
        await change(query, name, action)
        const server = await findServer(query, name)
        return server && servers.describe(server)
      }),
    suggestTitle: description => ask(query => generateTitle(query, description), titleBoundMs),
    stopTask: taskId => ask(query => query.stopTask(taskId)),
  }
}

/** Ignores connection errors, which show in the server's status. */
async function change(query: Query, name: string, action: McpAction): Promise<void> {
  const changed =
    action === 'reconnect' ? query.reconnectMcpServer(name) : query.toggleMcpServer(name, action === 'enable')
  await changed.catch(() => {})
}

const silent = (boundMs: number): AgentFailure => ({
  reason: 'process_unresponsive',
  message: `Claude Code did not respond within ${boundMs / 1000} s; try again, or interrupt the session`,
})
const died: AgentFailure = {
  reason: 'process_died',
  message: 'The Claude Code process ended before it responded; try again',
}
const refused: AgentFailure = {
  reason: 'unknown',
  message: 'Claude Code failed to respond; try again',
}

function unavailable({ reason, message }: AgentFailure): ServiceError<'AGENT_UNAVAILABLE'> {
  return new ServiceError('AGENT_UNAVAILABLE', message, { reason })
}
