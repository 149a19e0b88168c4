import { rmSync } from 'node:fs'
import { expect } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import type { StandInModel } from '../../src/demo/stand-in-model.ts'
import { openServer } from './open-server.ts'

export type Server = Awaited<ReturnType<typeof openServer>>

/** Lets the model answer every prompt with all prompts that it was told, one a line. */
export function answerWithPrompts(model: StandInModel): void {
  model.script(
    () => true,
    ({ history, text: latest }) => text([...history.map(({ prompt }) => prompt), latest].join('\n')),
  )
}

/** Says something and gives back what the model was told in all; and the turn. */
export async function tell({ ask }: Server, sessionId: string, prompt: string) {
  const { status, body } = await ask(sessionId, prompt)
  expect(body.error).toBeUndefined()
  expect(status).toBe(200)
  return { told: (body.response as string).split('\n'), turnId: body.turnId as string }
}

export async function fork({ call }: Server, sessionId: string, body: object = {}): Promise<string> {
  const answer = await call('POST', `/sessions/${sessionId}/fork`, body)
  expect(answer.status).toBe(201)
  return answer.body.sessionId
}

export async function rewind({ call }: Server, sessionId: string, toTurnId: string, more: object = {}) {
  const answer = await call('POST', `/sessions/${sessionId}/rewind`, { toTurnId, ...more })
  expect(answer.body.error).toBeUndefined()
  expect(answer.status).toBe(200)
  return answer.body
}

/** Opens the store of a server that was closed, with or without what Claude Code itself has kept. */
export function reopen(first: Server, keepConfiguration: boolean) {
  if (!keepConfiguration) rmSync(`${first.cwd}/.claude`, { recursive: true })
  return openServer({
    dataDir: `${first.cwd}/data`,
    defaultCwd: first.cwd,
    environment: { HOME: first.cwd, CLAUDE_CONFIG_DIR: `${first.cwd}/.claude` },
  })
}

export async function promptsIn({ call }: Server, sessionId: string) {
  const { messages } = (await call('GET', `/sessions/${sessionId}/messages?limit=1000`)).body
  return messages
    .filter(({ source }: { source: string }) => source === 'user')
    .map((message: { content: { message: { content: string } }; rewound?: boolean }) =>
      message.rewound ? [message.content.message.content, 'rewound'] : message.content.message.content,
    )
}
