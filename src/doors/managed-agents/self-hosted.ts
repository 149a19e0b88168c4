import type { PresetConfiguration } from '../../client/index.ts'
import { toClientTool } from '../../contract/client-requests.ts'
import type { GivenTool } from './agent-schema.ts'
import type { ToolSettings } from './agent-settings.ts'
import { invalid } from './errors.ts'
import { handedTools } from './outline.ts'
import { toClaudeName } from './tool-names.ts'

type HandedTool = (typeof handedTools)[number]

const text = (description: string) => ({ type: 'string', description })

/** The inputs of the tools that clients of the protocol implement. */
const inputs: Record<HandedTool, { description: string; properties: object; required: string[] }> = {
  bash: {
    description: 'Runs a command in a shell that keeps its state between calls',
    properties: {
      command: text('The command'),
      restart: { type: 'boolean', description: 'Starts the shell anew, without a command' },
      timeout_ms: { type: 'integer', description: 'Milliseconds after which the command is ended' },
    },
    required: [],
  },
  read: {
    description: 'Reads a text file',
    properties: {
      file_path: text('The path of the file'),
      view_range: {
        type: 'array',
        items: { type: 'integer' },
        description: 'The first and the last line, counted from 1',
      },
    },
    required: ['file_path'],
  },
  write: {
    description: 'Writes a file, and replaces one that is there',
    properties: { file_path: text('The path of the file'), content: text('The whole content') },
    required: ['file_path', 'content'],
  },
  edit: {
    description: 'Replaces a text in a file',
    properties: {
      file_path: text('The path of the file'),
      old_string: text('The text to replace, which is in the file once'),
      new_string: text('The text in its place'),
      replace_all: { type: 'boolean', description: 'Replaces all places' },
    },
    required: ['file_path', 'old_string', 'new_string'],
  },
  glob: {
    description: 'Finds files by a pattern such as **/*.ts',
    properties: { pattern: text('The pattern'), path: text('The directory to look in') },
    required: ['pattern'],
  },
  grep: {
    description: 'Finds lines of files by a regular expression',
    properties: { pattern: text('The regular expression'), path: text('The file or directory to look in') },
    required: ['pattern'],
  },
}

/** The settings of a session whose client runs the tools of the toolset itself. */
export function handOver(settings: ToolSettings, given: readonly GivenTool[]): ToolSettings {
  const handed = handedTools.filter(name => settings.tools.includes(toClaudeName(name)))
  const taken = given.findIndex(tool => tool.type === 'custom' && handed.some(name => name === tool.name))
  if (taken !== -1) {
    throw invalid(
      `agent.tools[${taken}].name`,
      'must not be that of a tool of the toolset in a self_hosted environment',
    )
  }
  const names = new Map<string, string>(handed.map(name => [toClaudeName(name), toClientTool(name)]))
  const kept = (list: readonly string[]) => list.filter(name => !names.has(name))
  const [hook] = settings.clientHooks?.PreToolUse ?? []
  const matcher = hook?.matcher
    ?.split('|')
    .map(name => names.get(name) ?? name)
    .join('|')
  return {
    ...settings,
    tools: kept(settings.tools),
    allowedTools: kept(settings.allowedTools),
    clientTools: [...settings.clientTools, ...handed.map(declare)],
    ...(hook && { clientHooks: { PreToolUse: [{ ...hook, ...(matcher !== undefined && { matcher }) }] } }),
  }
}

function declare(name: HandedTool) {
  const { description, properties, required } = inputs[name]
  return { name, description, inputSchema: { type: 'object', properties, required }, readOnly: true }
}

/** Reads what `handOver` made, as far as the configuration of the session has it. */
export function takeBack(configuration: PresetConfiguration): PresetConfiguration {
  const { tools = [], clientTools = [], clientHooks } = configuration
  const names = new Map<string, string>(handedTools.map(name => [toClientTool(name), toClaudeName(name)]))
  const isHanded = ({ name }: { name: string }) => names.has(toClientTool(name))
  const handed = clientTools.filter(isHanded).map(({ name }) => names.get(toClientTool(name)) ?? name)
  const toOwn = (matcher = '') =>
    matcher
      .split('|')
      .map(name => names.get(name) ?? name)
      .join('|')
  const hooks = clientHooks?.PreToolUse?.map(hook => ({ ...hook, matcher: toOwn(hook.matcher) }))
  return {
    ...configuration,
    tools: [...tools, ...handed],
    clientTools: clientTools.filter(tool => !isHanded(tool)),
    ...(hooks && { clientHooks: { PreToolUse: hooks } }),
  }
}
