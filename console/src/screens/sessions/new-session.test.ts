import { expect, test } from 'vitest'
import type { Preset } from '../../../../src/client/index.ts'
import { emptyDraft, openDraft, toRequest } from './new-session.ts'

const preset = (configuration: Preset['configuration']): Preset => ({
  ...{ name: 'reviewer', version: 2, latestVersion: 2, description: null, archived: false },
  ...{ metadata: {}, archivedAt: null },
  ...{ tenant: 'default', createdAt: '2026-01-01T00:00:00.000Z', createdBy: 'k', configuration },
})
const given = (request: object) =>
  Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))

test('a session without a preset has what was chosen', () => {
  const draft = { ...emptyDraft, model: 'sonnet', place: 'empty' as const, budget: '2' }
  expect(given(toRequest(draft))).toEqual({
    ...{ workspace: { type: 'empty', removeOnEnd: false }, model: 'sonnet', maxBudgetUsd: 2 },
    ...{ titles: 'claude', permissionPrompts: 'ask' },
  })
})

test('a session of a preset has only what the preset does not say', () => {
  const draft = { ...emptyDraft, preset: 'reviewer', model: 'sonnet', place: 'empty' as const, tags: 'a' }
  expect(given(toRequest(draft, preset({})))).toEqual({
    ...{ preset: 'reviewer', titles: 'claude', permissionPrompts: 'ask', tags: ['a'] },
  })
  const silent = preset({ permissionPrompts: 'deny', titles: 'off' })
  expect(given(toRequest({ ...draft, title: ' mine ' }, silent))).toEqual({
    ...{ preset: 'reviewer', title: 'mine', tags: ['a'] },
  })
})

test('the next session is offered the preset of the last one', () => {
  expect(openDraft(JSON.stringify({ preset: 'reviewer' }), null).preset).toBe('reviewer')
  expect(openDraft(JSON.stringify({ model: 'sonnet' }), null).preset).toBeNull()
  expect(openDraft(JSON.stringify({ preset: 'reviewer' }), null, 'writer').preset).toBe('writer')
  expect(openDraft('no JSON', null, 'writer').preset).toBe('writer')
})
