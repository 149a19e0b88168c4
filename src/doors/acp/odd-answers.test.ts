import type { AgentContext } from '@agentclientprotocol/sdk'
import { expect, test } from 'vitest'
import type { PermissionRequest } from '../../client/index.ts'
import { ask } from './asking.ts'
import { ClientTools } from './client-tools.ts'

const never = new AbortController().signal
const answering = (answer: unknown) => ({
  client: { request: async () => answer } as unknown as AgentContext,
  capabilities: { elicitation: { form: {} } },
})
const request = (fields: object) => ({ input: {}, ...fields }) as unknown as PermissionRequest

test.each([null, 5, {}, { outcome: null }, { outcome: { outcome: 'selected', optionId: 'toString' } }])(
  'a permission is denied by the answer %j',
  async answer => {
    const asked = request({ kind: 'tool', toolName: 'Bash' })
    expect(await ask(answering(answer), asked, never)).toEqual({ decision: 'deny' })
  },
)

test.each([null, 5, {}, { action: null }, { action: 'other' }])(
  'a question is refused by the answer %j',
  async answer => {
    const questions = [{ question: 'Which?', options: [] }]
    const asked = request({ kind: 'question', toolName: 'AskUserQuestion', questions })
    expect(await ask(answering(answer), asked, never)).toMatchObject({ decision: 'deny' })
  },
)

test.each([null, 5, {}, { content: 5 }])(
  'Claude is told in words that a tool was answered %j',
  async answer => {
    const run = (toolName: string) =>
      new ClientTools(answering(answer)).answer(request({ kind: 'client_tool', toolName }), never)
    expect(await run('acp_read_text_file')).toEqual({
      error: 'The client failed: its answer does not have the form of the protocol',
    })
    expect(await run('acp_run_command')).toEqual({ error: 'The person does not allow it' })
    expect(await run('own')).toEqual({
      error: 'The client answered _claude-code-api/call_tool with neither result nor error',
    })
  },
)
