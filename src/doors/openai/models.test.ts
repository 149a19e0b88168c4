import { expect, test } from 'vitest'
import type { Context } from './common-request.ts'
import { findAgent, listModels, toAgent } from './models.ts'

test.each([
  ['claude-code', { model: undefined }],
  ['sonnet', { model: 'sonnet' }],
  ['opus[1m]', { model: 'opus[1m]' }],
  ['us.anthropic.claude-opus-4-1-20250805-v1:0', { model: 'us.anthropic.claude-opus-4-1-20250805-v1:0' }],
  ['arn:aws:bedrock:us-east-1::model/x', { model: 'arn:aws:bedrock:us-east-1::model/x' }],
  ['anthropic/claude-sonnet', { model: 'anthropic/claude-sonnet' }],
  ['reviewer', { preset: 'reviewer' }],
  ['sonnet@3', { preset: 'sonnet@3' }],
])('%s names an agent', (name, agent) => {
  expect(toAgent(name)).toEqual(agent)
})

test.each([
  ...['a/../b', 'preset:..', './claude', '..', 'No Preset', 'reviewer@0', `claude-${'x'.repeat(200)}`],
  ...['openai/gpt-4o', '../../etc/passwd', 'CLAUDE-CODE', 'gpt:4'],
])('%s is not a model', name => {
  expect(() => toAgent(name)).toThrow(
    expect.objectContaining({ status: 404, body: expect.objectContaining({ param: 'model' }) }),
  )
})

test('each model that Claude Code lists can be used under the name that the list has', async () => {
  const models = ['default', 'fable', 'sonnet[1m]', 'saga[1m]', 'Epic'].map(id => ({ id }))
  const client = { call: async () => ({ models }), presets: async function* () {} }
  const context = { client, signal: new AbortController().signal } as unknown as Context
  const { data } = (await (await listModels(context)).json()) as { data: { id: string }[] }
  for (const { id } of data) {
    expect(await findAgent(context, id)).toEqual({ model: id === 'claude-code' ? undefined : id })
  }
  await expect(findAgent(context, 'Lyric')).rejects.toMatchObject({ status: 404 })
})
