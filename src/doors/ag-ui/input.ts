import { isDeepStrictEqual } from 'node:util'
import type { PermissionMode } from '../../client/index.ts'
import { invalidField } from '../../contract/errors.ts'
import { permissionModes } from '../../contract/permission-mode.ts'
import { presetReference } from '../../contract/session-configuration.ts'
import { findJsonFlaw } from '../../lib/json-flaws.ts'
import type { Message, ResumeEntry, Tool } from './protocol.ts'

type Json = Record<string, unknown>

/** The request to run an agent. */
export interface RunInput {
  threadId: string
  runId: string
  parentRunId: string | undefined
  /** Undefined: the client speaks a version of the protocol before 1.0. */
  protocolVersion: string | undefined
  messages: Message[]
  tools: Tool[]
  context: { description: string; value: string }[]
  resume: ResumeEntry[]
  props: RunProps
  /** The names of fields without effect. */
  ignored: string[]
}

/** The settings in `forwardedProps`. */
export interface RunProps {
  preset: string | undefined
  model: string | undefined
  permissionMode: PermissionMode | undefined
  onDisconnect: 'interrupt' | 'continue'
}

const fields = new Set([
  ...['threadId', 'runId', 'protocolVersion', 'parentRunId', 'state', 'messages', 'tools', 'context'],
  ...['forwardedProps', 'resume'],
])
const props = new Set(['preset', 'model', 'permissionMode', 'onDisconnect'])

/** @throws ServiceError that names the field */
export async function readInput(request: Request): Promise<RunInput> {
  const body = asObject(await readJson(request), '')
  refuseState(body.state)
  const forwarded = body.forwardedProps == null ? {} : body.forwardedProps
  // A value that is not an object is a channel of the application's own.
  const given = isObject(forwarded) ? forwarded : {}
  return {
    threadId: asThreadId(body.threadId, 'threadId'),
    runId: asId(body.runId, 'runId'),
    parentRunId: optional(body.parentRunId, 'parentRunId', asText),
    protocolVersion: body.protocolVersion == null ? undefined : String(body.protocolVersion),
    messages: asList(body.messages, 'messages', readMessage),
    tools: optional(body.tools, 'tools', (value, path) => asList(value, path, readTool)) ?? [],
    context: optional(body.context, 'context', (value, path) => asList(value, path, readContext)) ?? [],
    resume: optional(body.resume, 'resume', readResume) ?? [],
    props: readProps(given),
    ignored: [
      ...unknownIn(body, fields, ''),
      ...(given === forwarded ? unknownIn(given, props, 'forwardedProps.') : ['forwardedProps']),
    ],
  }
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return JSON.parse(await request.text())
  } catch {
    throw invalidField('', 'must be a JSON object')
  }
}

/** Claude has no state that applications could read or set. */
function refuseState(state: unknown): void {
  if (state == null || (isObject(state) && Object.keys(state).length === 0)) return
  throw invalidField('state', 'must be empty: Claude has no state that is shared with the application')
}

function readProps(given: Json): RunProps {
  const oneOf =
    <T extends string>(values: readonly T[]) =>
    (value: unknown, path: string): T => {
      if (values.includes(value as T)) return value as T
      throw invalidField(path, `must be one of ${values.join(', ')}`)
    }
  const at = 'forwardedProps'
  return {
    preset: optional(given.preset, `${at}.preset`, asPreset),
    model: optional(given.model, `${at}.model`, asText),
    permissionMode: optional(given.permissionMode, `${at}.permissionMode`, oneOf(permissionModes)),
    onDisconnect:
      optional(given.onDisconnect, `${at}.onDisconnect`, oneOf(['interrupt', 'continue'] as const)) ??
      'interrupt',
  }
}

function asPreset(value: unknown, path: string): string {
  const { success, data, error } = presetReference.safeParse(value)
  if (success) return data
  throw invalidField(path, error.issues[0]?.message ?? 'must be a preset')
}

const roles = new Set(['user', 'assistant', 'tool', 'system', 'developer', 'reasoning', 'activity'])

function readMessage(value: unknown, path: string): Message {
  const message = asObject(value, path)
  asText(message.id, `${path}.id`)
  const role = asText(message.role, `${path}.role`)
  if (!roles.has(role)) throw invalidField(`${path}.role`, `must be one of ${[...roles].join(', ')}`)
  if (role === 'tool') asText(message.toolCallId, `${path}.toolCallId`)
  if (role === 'user' || role === 'tool') {
    const isContent = typeof message.content === 'string' || Array.isArray(message.content)
    if (!isContent) throw invalidField(`${path}.content`, 'must be a string or a list of parts')
  }
  if (role === 'system' || role === 'developer') asPlainText(message.content, `${path}.content`)
  const toolCalls = optional(message.toolCalls, `${path}.toolCalls`, (calls, place) =>
    asList(calls, place, checkCall),
  )
  return { ...message, toolCalls } as unknown as Message
}

function checkCall(value: unknown, path: string): Json {
  const call = asObject(value, path)
  asText(call.id, `${path}.id`)
  const { name, arguments: text } = asObject(call.function, `${path}.function`)
  asText(name, `${path}.function.name`)
  asText(text, `${path}.function.arguments`)
  return call
}

function readTool(value: unknown, path: string): Tool {
  const tool = asObject(value, path)
  asText(tool.name, `${path}.name`)
  optional(tool.description, `${path}.description`, asText)
  const parameters = optional(tool.parameters, `${path}.parameters`, asObject)
  return { ...tool, parameters } as unknown as Tool
}

function readContext(value: unknown, path: string): RunInput['context'][number] {
  const { description, value: text } = asObject(value, path)
  return {
    description: asPlainText(description, `${path}.description`),
    value: asPlainText(text, `${path}.value`),
  }
}

function readResume(value: unknown, path: string): ResumeEntry[] {
  const entries = asList(value, path, readEntry)
  for (const [index, entry] of entries.entries()) {
    const first = entries.findIndex(({ interruptId }) => interruptId === entry.interruptId)
    if (isDeepStrictEqual(entries[first], entry)) continue
    throw invalidField(
      `${path}[${index}]`,
      `must be the same as ${path}[${first}], which answers the interrupt`,
    )
  }
  return entries
}

function readEntry(value: unknown, path: string): ResumeEntry {
  const { interruptId, status, payload } = asObject(value, path)
  if (status !== 'resolved' && status !== 'cancelled') {
    throw invalidField(`${path}.status`, 'must be resolved or cancelled')
  }
  return { interruptId: asText(interruptId, `${path}.interruptId`), status, payload }
}

function unknownIn(object: Json, known: ReadonlySet<string>, prefix: string): string[] {
  return Object.keys(object)
    .filter(name => !known.has(name))
    .map(name => `${prefix}${name}`)
}

function optional<T>(value: unknown, path: string, read: (value: unknown, path: string) => T): T | undefined {
  return value == null ? undefined : read(value, path)
}

function asList<T>(value: unknown, path: string, read: (value: unknown, path: string) => T): T[] {
  if (!Array.isArray(value)) throw invalidField(path, 'must be a list')
  return value.map((item, index) => read(item, `${path}[${index}]`))
}

function asId(value: unknown, path: string): string {
  const text = asText(value, path)
  if (text === '' || text.length > 1_000) throw invalidField(path, 'must have 1 to 1,000 characters')
  return text
}

/** The id is stored in the metadata of the session, too. */
function asThreadId(value: unknown, path: string): string {
  return asPlainText(asId(value, path), path)
}

/** A text that can be stored. */
export function asPlainText(value: unknown, path: string): string {
  const text = asText(value, path)
  const flaw = findJsonFlaw(text, 1)
  if (flaw) throw invalidField(path, flaw.message)
  return text
}

function asText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidField(path, 'must be a string')
  return value
}

function asObject(value: unknown, path: string): Json {
  if (!isObject(value)) throw invalidField(path, 'must be an object')
  return value
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
