import { isApiError, type Session } from '../../client/index.ts'
import { presetReference, readPresetReference } from '../../contract/session-configuration.ts'
import type { Agent, Context, GivenRequest } from './common-request.ts'
import { Problem, toShown } from './problem.ts'

/** The model that stands for Claude Code as the server configures it. */
const defaultModel = 'claude-code'
/**
 * Ids and aliases of Claude's models, and ARNs of Bedrock, which need not say the model. A preset with such a name needs
 * its version, as in `sonnet@1`.
 */
const modelName = /claude|^(default|best|fable|sonnet|opus|haiku|opusplan)(\[\w+\])?$|^arn:/

/** The longest name of a model that the API takes. */
const longestName = 200

/** Finds the agent of a name. A model that Claude Code lists may have any name. */
export async function findAgent(
  { client, signal }: Pick<Context, 'client' | 'signal'>,
  name: string,
): Promise<Agent> {
  if (name === defaultModel || isVersioned(name) || modelName.test(name)) return toAgent(name)
  const { models } = await client.call('listModels', {}, { signal })
  return models.some(({ id }) => id === name) ? { model: name } : toAgent(name)
}

export async function withAgent<R extends GivenRequest>(
  context: Context,
  request: R,
): Promise<R & { agent: Agent }> {
  return { ...request, agent: await findAgent(context, request.model) }
}

/** The agent of a name, without a look at the list of Claude Code. */
export function toAgent(name: string): Agent {
  if (name === defaultModel) return { model: undefined }
  if (isVersioned(name) || !modelName.test(name)) {
    if (!presetReference.safeParse(name).success) throw unknownModel(name)
    return { preset: name }
  }
  if (name.length > longestName || hasDots(name)) throw unknownModel(name)
  return { model: name }
}

function isVersioned(name: string): boolean {
  return /@\d+$/.test(name)
}

/** Whether a part of the name is `.` or `..`, as in paths. */
function hasDots(name: string): boolean {
  return name.split(/[:/]/).some(part => part === '.' || part === '..')
}

function unknownModel(name: string): Problem {
  const shown = JSON.stringify(toShown(name))
  const message = `The model ${shown} does not exist: model must be ${defaultModel}, a model of Claude, or a preset`
  return new Problem(404, { message, param: 'model', code: 'model_not_found' })
}

/** The name of the agent of a session. */
export function modelOf({ preset, config }: Pick<Session, 'preset' | 'config'>): string {
  if (preset) return `${preset.name}@${preset.version}`
  return config.model ?? defaultModel
}

interface Model {
  id: string
  object: 'model'
  created: number
  owned_by: string
}

function toModel(id: string, ownedBy: string, createdAt?: string): Model {
  const created = createdAt === undefined ? 0 : toSeconds(createdAt)
  return { id, object: 'model', created, owned_by: ownedBy }
}

/** A time in the form of OpenAI's API. */
export function toSeconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000)
}

export async function listModels({ client, signal }: Context): Promise<Response> {
  const { models } = await client.call('listModels', {}, { signal })
  const ids = new Set([defaultModel, ...models.map(({ id }) => id)])
  const list = [...ids].map(id => toModel(id, 'anthropic'))
  for await (const { name, version, createdAt } of client.presets({ limit: 50 }, { signal })) {
    list.push(toModel(`${name}@${version}`, 'preset', createdAt))
  }
  return Response.json({ object: 'list', data: list })
}

export async function getModel({ client, signal }: Context, name: string): Promise<Response> {
  const agent = await findAgent({ client, signal }, name)
  if ('model' in agent) return Response.json(toModel(name, 'anthropic'))
  const { createdAt } = await getPreset({ client, signal }, agent.preset, name)
  return Response.json(toModel(name, 'preset', createdAt))
}

/** @throws Problem that names the model if there is no such preset */
export async function getPreset(
  { client, signal }: Pick<Context, 'client' | 'signal'>,
  reference: string,
  name: string,
) {
  const { name: preset, version } = readPresetReference(reference)
  const input = { params: { preset }, query: version === undefined ? {} : { version } }
  try {
    return await client.call('getPreset', input, { signal })
  } catch (error) {
    if (isApiError(error, 'PRESET_NOT_FOUND')) throw unknownModel(name)
    throw error
  }
}
