import { isMcpTool, toolAliases } from '../../contract/claude-tools.ts'
import { invalidField } from '../../contract/errors.ts'
import type { SessionSettings } from '../../contract/session-settings.ts'
import type { ModelInfo } from '../../contract/system.ts'
import type { AgentInspection } from '../ports/index.ts'

/** The requested model and its settings; null: Claude Code's default model. */
export interface Wanted {
  model: string | null
  settings: Pick<
    SessionSettings,
    'effort' | 'thinking' | 'fallbackModel' | 'agents' | 'tools' | 'allowedTools' | 'disallowedTools'
  >
}

/** Whether the answer depends on what the installed Claude Code says of itself. */
export function dependsOnInstalled({ settings }: Wanted): boolean {
  const { effort, thinking, fallbackModel, agents, tools, allowedTools, disallowedTools } = settings
  return [effort, thinking, fallbackModel, agents, tools, allowedTools, disallowedTools].some(
    setting => setting !== undefined,
  )
}

/**
 * Refuses what the installed Claude Code would pass over without a word. What it has not told yet, and models that
 * it does not list, are let through: the process that is started for the session is asked again.
 *
 * @throws ServiceError INVALID_REQUEST that names the field
 */
export function checkSupport({ models, tools }: AgentInspection, { model, settings }: Wanted): void {
  if (tools) checkTools(new Set([...tools, ...toolAliases]), settings)
  if (!models) {
    if (settings.fallbackModel !== undefined && settings.fallbackModel === model) throw sameModel()
    return
  }
  const main = findModel(models, model ?? 'default')
  const { effort, thinking, fallbackModel, agents = {} } = settings
  if (main && effort !== undefined) checkEffort('effort', effort, main)
  if (main && thinking !== undefined) checkThinking(thinking, main)
  if (fallbackModel !== undefined) {
    checkModelName('fallbackModel', fallbackModel, models)
    if (idOf(models, fallbackModel) === idOf(models, model ?? 'default')) throw sameModel()
  }
  for (const [name, agent] of Object.entries(agents)) {
    if (agent.model !== undefined && agent.model !== 'inherit') {
      checkModelName(`agents.${name}.model`, agent.model, models)
    }
    const own = agent.model === undefined || agent.model === 'inherit' ? main : findModel(models, agent.model)
    if (own && agent.effort !== undefined) checkEffort(`agents.${name}.effort`, agent.effort, own)
  }
}

function checkTools(known: ReadonlySet<string>, settings: Wanted['settings']): void {
  const lists = {
    tools: settings.tools,
    allowedTools: settings.allowedTools,
    disallowedTools: settings.disallowedTools,
  }
  for (const [field, list] of Object.entries(lists)) checkList(known, field, list)
  for (const [name, { tools, disallowedTools }] of Object.entries(settings.agents ?? {})) {
    checkList(known, `agents.${name}.tools`, tools)
    checkList(known, `agents.${name}.disallowedTools`, disallowedTools)
  }
}

function checkList(known: ReadonlySet<string>, field: string, list: readonly string[] | undefined): void {
  for (const [index, rule] of (list ?? []).entries()) {
    const tool = rule.replace(/\(.*$/s, '')
    if (isMcpTool(tool) || known.has(tool)) continue
    throw invalidField(`${field}[${index}]`, `Claude Code has no tool named ${tool}`)
  }
}

function checkEffort(field: string, effort: string, { id, effortLevels }: ModelInfo): void {
  if (!effortLevels || effortLevels.some(level => level === effort)) return
  const offered = effortLevels.length > 0 ? `takes ${effortLevels.join(', ')}` : 'takes none'
  throw invalidField(field, `the model ${id} ${offered}`)
}

function checkThinking(thinking: NonNullable<SessionSettings['thinking']>, model: ModelInfo): void {
  const { id, adaptiveThinking, thinkingOff } = model
  if (thinking.type === 'disabled' && thinkingOff === false) {
    throw invalidField('thinking.type', `the model ${id} does not support turning off thinking`)
  }
  if (thinking.type === 'enabled' && adaptiveThinking === true) {
    throw invalidField(
      'thinking.budgetTokens',
      `the model ${id} decides on its own how much to think; use effort instead`,
    )
  }
  if (thinking.type === 'adaptive' && adaptiveThinking === false) {
    throw invalidField('thinking.type', `the model ${id} does not support adaptive thinking`)
  }
}

/** A word alone can only be an alias; whether an id exists only the model's API can say. */
function checkModelName(field: string, name: string, models: readonly ModelInfo[]): void {
  if (!/^[a-z]+(\[\w+\])?$/i.test(name) || findModel(models, name)) return
  const aliases = models.map(({ id }) => id).join(', ')
  throw invalidField(field, `must be a model id or one of Claude Code's aliases: ${aliases}`)
}

function findModel(models: readonly ModelInfo[], name: string): ModelInfo | undefined {
  const bare = withoutVariant(name)
  return models.find(({ id }) => id === bare) ?? models.find(({ resolvedModel }) => resolvedModel === bare)
}

function idOf(models: readonly ModelInfo[], name: string): string {
  return findModel(models, name)?.resolvedModel ?? withoutVariant(name)
}

/** `sonnet[1m]` is sonnet with another context window. */
function withoutVariant(name: string): string {
  return name.replace(/\[\w+\]$/, '')
}

function sameModel() {
  return invalidField('fallbackModel', 'must not be the model itself')
}
