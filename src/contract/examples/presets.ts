import type { CreatePresetRequest, CreatePresetVersionRequest, Preset } from '../presets.ts'
import { cwd, ids, times } from './ids.ts'
import { everySetting } from './settings.ts'

const name = 'reviewer'
const description = 'Reviews changes, and never edits files'
const simple = {
  model: 'sonnet',
  appendSystemPrompt: 'Review the changes. Name the file and the line of each finding.',
  tools: ['Read', 'Grep', 'Glob', 'Bash'],
  allowedTools: ['Bash(git diff *)'],
}

export const createPresetRequests = {
  simple: { name, description, configuration: simple },
  clone: {
    name,
    configuration: {
      ...simple,
      workspace: { type: 'git', url: 'https://git.example/shop/web.git', ref: 'main', removeOnEnd: true },
    },
  },
  full: {
    name,
    description,
    configuration: {
      model: 'sonnet',
      cwd,
      permissionMode: 'plan',
      appendSystemPrompt: simple.appendSystemPrompt,
      maxTurns: 50,
      ...everySetting('the-secret-itself'),
    },
  },
} satisfies Record<string, CreatePresetRequest>

export const createPresetVersionRequests = {
  simple: { configuration: { ...simple, maxTurns: 50 } },
  guarded: {
    description: 'At most 50 turns',
    configuration: { ...simple, maxTurns: 50 },
    expectedVersion: 2,
  },
} satisfies Record<string, CreatePresetVersionRequest>

export const preset: Preset = {
  name,
  version: 3,
  latestVersion: 3,
  description: 'At most 50 turns',
  configuration: { ...simple, maxTurns: 50 },
  archived: false,
  tenant: 'default',
  createdAt: times.ended,
  createdBy: ids.configuredKeyId,
}
export const firstVersion: Preset = {
  ...preset,
  version: 1,
  latestVersion: 1,
  description,
  configuration: simple,
  createdAt: times.created,
}
