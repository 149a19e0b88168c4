import type { CreatePresetRequest, CreatePresetVersionRequest, Preset } from '../presets.ts'
import { cwd, ids, page, times } from './ids.ts'
import { everySetting } from './settings.ts'

const name = 'reviewer'
const description = 'Reviews changes, and never edits files'
const simple = {
  model: 'sonnet',
  appendSystemPrompt: 'Review the changes. Name the file and the line of each finding.',
  tools: ['Read', 'Grep', 'Glob', 'Bash'],
  allowedTools: ['Bash(git diff *)'],
}

const createPresetRequests = {
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
    metadata: { team: 'shop' },
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

const createPresetVersionRequests = {
  simple: { configuration: { ...simple, maxTurns: 50 } },
  guarded: {
    description: 'At most 50 turns',
    metadata: { team: 'shop' },
    configuration: { ...simple, maxTurns: 50 },
    expectedVersion: 2,
  },
} satisfies Record<string, CreatePresetVersionRequest>

const preset: Preset = {
  name,
  version: 3,
  latestVersion: 3,
  description: 'At most 50 turns',
  metadata: { team: 'shop' },
  configuration: { ...simple, maxTurns: 50 },
  archived: false,
  archivedAt: null,
  tenant: 'default',
  createdAt: times.ended,
  createdBy: ids.configuredKeyId,
}
const firstVersion: Preset = {
  ...preset,
  version: 1,
  latestVersion: 1,
  description,
  configuration: simple,
  createdAt: times.created,
}

export const presetOperations = {
  createPreset: {
    bodies: createPresetRequests,
    responses: { 201: { created: firstVersion } },
  },
  listPresets: { responses: { 200: { page: { presets: [preset], pagination: page } } } },
  getPreset: { responses: { 200: { newest: preset, older: firstVersion } } },
  patchPreset: {
    bodies: { archive: { archived: true }, restore: { archived: false } },
    responses: { 200: { archived: { ...preset, archived: true, archivedAt: times.ended }, changed: preset } },
  },
  deletePreset: {},
  createPresetVersion: {
    bodies: createPresetVersionRequests,
    responses: { 201: { created: preset } },
  },
  listPresetVersions: {
    responses: {
      200: {
        page: {
          name: preset.name,
          versions: [preset, firstVersion],
          pagination: { ...page, total: 2 },
        },
      },
    },
  },
}
