import type { Query } from '@anthropic-ai/claude-agent-sdk'
import type { ModelInfo } from '../../contract/system.ts'
import type { AgentFailure, AgentInspection } from '../../sessions/ports/index.ts'
import { defaultTenantId } from '../../sessions/records.ts'
import type { Box } from '../isolation/box.ts'
import type { Boxes } from '../isolation/boxes.ts'
import { type ClaudeSettings, toInspectionOptions } from '../settings/sdk-options.ts'
import { explainEnd } from './exit-reason.ts'
import { openQuery } from './live-query.ts'
import type { ProcessRegistry } from './process-registry.ts'

/** The timeout of an inspection, from the start of its process, in milliseconds. */
const answerBoundMs = 60_000

type Initialization = Awaited<ReturnType<Query['initializationResult']>> & { claude_code_version?: string }

const notLoggedIn: AgentFailure = {
  reason: 'not_logged_in',
  message:
    "Claude Code is not logged in, and no key is set: run `claude` and /login as the server's user, " +
    'or set ANTHROPIC_API_KEY (to try it without an account: --demo)',
}

const noAnswer: AgentFailure = {
  reason: 'process_unresponsive',
  message: 'Claude Code started but did not respond',
}

/** The information that a process reports at its start. */
export function toInspection(result: Initialization): AgentInspection {
  const { account } = result
  const hasCredentials =
    account.apiKeySource !== undefined ||
    (account.tokenSource !== undefined && account.tokenSource !== 'none') ||
    (account.apiProvider !== undefined && account.apiProvider !== 'firstParty')
  return {
    status: hasCredentials ? 'ok' : 'unavailable',
    ...(result.claude_code_version !== undefined && { version: result.claude_code_version }),
    models: result.models.map(({ value, displayName, description, resolvedModel, ...model }) => ({
      id: value,
      name: displayName,
      description,
      ...(resolvedModel !== undefined && { resolvedModel }),
      ...toAbilities(model),
    })),
    ...(!hasCredentials && { failure: notLoggedIn }),
  }
}

/** Converts Claude Code's models; `supportsThinkingOff` is not in the SDK's typings. */
function toAbilities(model: object): Pick<ModelInfo, 'effortLevels' | 'adaptiveThinking' | 'thinkingOff'> {
  const { supportsEffort, supportedEffortLevels, supportsAdaptiveThinking, supportsThinkingOff } =
    model as Partial<Initialization['models'][number]> & { supportsThinkingOff?: boolean }
  const effortLevels = supportsEffort === false ? [] : supportedEffortLevels
  return {
    ...(effortLevels && { effortLevels }),
    ...(supportsAdaptiveThinking !== undefined && { adaptiveThinking: supportsAdaptiveThinking }),
    ...(supportsThinkingOff !== undefined && { thinkingOff: supportsThinkingOff }),
  }
}

/** Not in the SDK's typings. */
type RuleReader = {
  listPermissionRules?(): Promise<{ state?: { rules?: { rule: string; source: string }[] } }>
}

/** The tools of a process that was started without any; undefined if it does not report them. */
async function findTools(query: Query): Promise<string[] | undefined> {
  const rules = await (query as RuleReader).listPermissionRules?.().catch(() => undefined)
  const tools = rules?.state?.rules
    ?.filter(({ source }) => source === 'toolsNarrowing')
    .map(({ rule }) => rule)
  return tools?.length ? tools : undefined
}

/** Starts Claude Code without a conversation, reads its information, and ends it. Never rejects. */
export async function inspectClaude(
  settings: ClaudeSettings,
  cwd: string,
  signal: AbortSignal,
  registry: ProcessRegistry,
  boxes?: Boxes,
): Promise<AgentInspection> {
  if (!boxes) return inspect(settings, cwd, signal, registry, undefined)
  const spec = { writable: [], readable: [], cwd: '/tmp' }
  const box = boxes.prepare(null, spec, boxes.openChannel({}, { tenantId: defaultTenantId }))
  try {
    return await inspect(settings, spec.cwd, signal, registry, box)
  } finally {
    box.close()
  }
}

async function inspect(
  settings: ClaudeSettings,
  cwd: string,
  signal: AbortSignal,
  registry: ProcessRegistry,
  box: Box | undefined,
): Promise<AgentInspection> {
  let fault: AgentFailure | undefined
  const giveUp = (failure: AgentFailure) => {
    fault ??= failure
    leave()
  }
  const live = openQuery(
    { ...toInspectionOptions(settings, box !== undefined), cwd },
    {
      registry,
      claudeSessionId: null,
      onFrame: () => {},
      onFault: giveUp,
      wrap: box?.wrap.bind(box),
    },
  )
  const end = live.read(() => {})
  const leave = () => void live.end({ graceMs: 0, termMs: 1_000 })
  signal.addEventListener('abort', leave, { once: true })
  const bound = setTimeout(() => giveUp(noAnswer), answerBoundMs)
  bound.unref()
  const inspection = await live.query.initializationResult().then(
    async result => {
      const tools = await findTools(live.query)
      return { ...toInspection(result), ...(tools && { tools }) }
    },
    () => undefined,
  )
  clearTimeout(bound)
  signal.removeEventListener('abort', leave)
  await live.end({ graceMs: inspection ? 2_000 : 0, termMs: 2_000 })
  if (inspection) return inspection
  return { status: 'unavailable', failure: fault ?? explainEnd({ ...(await end), started: false, cwd }) }
}
