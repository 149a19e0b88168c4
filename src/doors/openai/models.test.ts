import { expect, test } from 'vitest'
import { toAgent } from './models.ts'

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
