import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { attachmentLimits } from '../../src/contract/attachments.ts'
import type { PromptBlock } from '../../src/contract/turns.ts'
import type { AttachmentRecord } from '../../src/sessions/records.ts'
import { caller, openSessions, plain, stranger, temporaryDirectory, until } from '../support/open-sessions.ts'
import { samplePdf, samplePng, sampleText } from '../support/sample-files.ts'
import { ScriptedLauncher } from '../support/scripted-launcher.ts'

async function open(given: Parameters<typeof openSessions>[0] = {}) {
  const opened = await openSessions(given)
  const { sessions } = opened
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const add = (bytes: Uint8Array, name?: string, claimedType?: string) =>
    sessions.attachments.add(caller, id, { bytes, name, claimedType })
  const submit = async (prompt: PromptBlock[], onBusy: 'queue' | 'steer' = 'queue') =>
    (await sessions.submit(caller, id, { prompt, timeoutMs: 0, onBusy })).turn
  const ended = (turnId: string) => sessions.whenTurnEnded(caller, id, turnId, new AbortController().signal)
  return { ...opened, id, add, submit, ended }
}

function refer(type: 'image' | 'document', { id }: Pick<AttachmentRecord, 'id'>): PromptBlock {
  return { type, source: { type: 'attachment', attachmentId: id } }
}

const image = (data: Buffer, media_type: 'image/png' | 'image/jpeg' = 'image/png'): PromptBlock => ({
  type: 'image',
  source: { type: 'base64', media_type, data: data.toString('base64') },
})
const issueAt = (path: string) => ({ code: 'INVALID_REQUEST', details: { issues: [{ path }] } })

describe('what is uploaded', () => {
  test('is what its content says, whatever it is called', async () => {
    const { add } = await open()
    expect(await add(samplePng, 'really.txt')).toMatchObject({ mediaType: 'image/png', name: 'really.txt' })
    expect(await add(samplePdf)).toMatchObject({ mediaType: 'application/pdf', name: 'document.pdf' })
    expect(await add(sampleText, undefined, 'text/markdown')).toMatchObject({
      mediaType: 'text/plain',
      sizeBytes: sampleText.length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  test('is refused when it is nothing, unknown, too large, or said to be something else', async () => {
    const { add, sessions, id } = await open()
    await expect(add(Buffer.alloc(0))).rejects.toMatchObject(issueAt(''))
    await expect(add(Buffer.from([0, 1, 2]))).rejects.toMatchObject(issueAt(''))
    await expect(add(samplePng, 'a.jpg', 'image/jpeg')).rejects.toMatchObject(issueAt('Content-Type'))
    const limits: [Buffer, number][] = [
      [samplePng, attachmentLimits.image],
      [samplePdf, attachmentLimits.pdf],
      [sampleText, attachmentLimits.text],
    ]
    for (const [head, limit] of limits) {
      const largest = Buffer.concat([head, Buffer.alloc(limit - head.length, ' ')])
      expect(await add(largest)).toMatchObject({ sizeBytes: limit })
      await expect(add(Buffer.concat([largest, Buffer.from(' ')]))).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        details: { limit },
      })
    }
    expect((await sessions.attachments.list(caller, id, { limit: 9, offset: 0 })).total).toBe(3)
  })

  test('has its bound in each session', async () => {
    const { add } = await open({ maxAttachmentBytesPerSession: 50 })
    await add(sampleText)
    await add(sampleText)
    await expect(add(sampleText)).rejects.toMatchObject({
      code: 'ATTACHMENT_LIMIT_REACHED',
      details: { limit: 50, used: 2 * sampleText.length },
    })
  })

  test('belongs to its session and tenant, and can be read when that has ended', async () => {
    const { sessions, id, add, submit } = await open()
    const attachment = await add(samplePng)
    const elsewhere = (await sessions.create(caller, plain)).session.id
    const { attachments } = sessions
    await expect(attachments.read(stranger, id, attachment.id)).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    })
    await expect(attachments.read(caller, elsewhere, attachment.id)).rejects.toMatchObject({
      code: 'ATTACHMENT_NOT_FOUND',
    })
    await expect(
      sessions.submit(caller, elsewhere, {
        prompt: [refer('image', attachment)],
        timeoutMs: 0,
        onBusy: 'queue',
      }),
    ).rejects.toMatchObject(issueAt('prompt[0].source.attachmentId'))
    await sessions.end(caller, id)
    await expect(add(samplePng)).rejects.toMatchObject({ code: 'SESSION_ENDED' })
    await expect(submit([refer('image', attachment)])).rejects.toMatchObject({ code: 'SESSION_ENDED' })
    const { content } = await attachments.read(caller, id, attachment.id)
    expect(Buffer.concat(await Array.fromAsync(content))).toEqual(samplePng)
    await attachments.remove(caller, id, attachment.id)
    await expect(attachments.read(caller, id, attachment.id)).rejects.toMatchObject({
      code: 'ATTACHMENT_NOT_FOUND',
    })
  })
})

describe('a prompt', () => {
  test('is stored as it was sent, and given to Claude with the contents', async () => {
    const { sessions, id, add, submit, ended } = await open()
    const prompt: PromptBlock[] = [
      refer('image', await add(samplePng)),
      refer('document', await add(samplePdf, 'plan.pdf')),
      { ...refer('document', await add(sampleText, 'notes.txt')), title: 'Notes' } as PromptBlock,
      { type: 'text', text: 'Look' },
    ]
    const turn = await ended((await submit(prompt)).id)
    expect(turn.prompt).toEqual(prompt)
    const { messages } = await sessions.listMessages(caller, id, { limit: 9, offset: 0 })
    expect(messages[0]?.payload).toMatchObject({ source: 'user', message: { message: { content: prompt } } })
    expect(JSON.parse((turn.response ?? '').replace('You said: ', ''))).toEqual([
      image(samplePng),
      {
        type: 'document',
        title: 'plan.pdf',
        source: { type: 'base64', media_type: 'application/pdf', data: samplePdf.toString('base64') },
      },
      {
        type: 'document',
        title: 'Notes',
        source: { type: 'text', media_type: 'text/plain', data: sampleText.toString() },
      },
      { type: 'text', text: 'Look' },
    ])
  })

  test('is refused as a whole, and names the block that is wrong', async () => {
    const { sessions, id, add, submit } = await open()
    const png = await add(samplePng)
    const text = { type: 'text', text: 'Look' } as const
    const wrong: [PromptBlock, string][] = [
      [refer('image', { id: randomUUID() }), 'prompt[1].source.attachmentId'],
      [refer('document', png), 'prompt[1].source.attachmentId'],
      [refer('image', await add(sampleText)), 'prompt[1].source.attachmentId'],
      [image(samplePng, 'image/jpeg'), 'prompt[1].source.media_type'],
      [image(sampleText), 'prompt[1].source.media_type'],
      [
        {
          type: 'document',
          source: { type: 'base64', media_type: 'application/pdf', data: samplePng.toString('base64') },
        },
        'prompt[1].source.media_type',
      ],
    ]
    for (const [block, path] of wrong) {
      await expect(submit([text, block])).rejects.toMatchObject(issueAt(path))
    }
    const large = Buffer.concat([samplePng, Buffer.alloc(attachmentLimits.image)])
    await expect(submit([image(large)])).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: expect.stringContaining('prompt[0].source.data'),
    })
    expect((await sessions.listTurns(caller, id, { limit: 9, offset: 0 })).total).toBe(0)
  })

  test('keeps what it needs until its turn has ended', async () => {
    const { sessions, id, add, submit, ask, ended } = await open()
    const attachment = await add(samplePng)
    const running = ask(id, 'hang')
    await until(async () => (await sessions.get(caller, id)).state === 'running')
    const waiting = await submit([refer('image', attachment)])
    await expect(sessions.attachments.remove(caller, id, attachment.id)).rejects.toMatchObject({
      code: 'ATTACHMENT_IN_USE',
      details: { turnId: waiting.id },
    })
    await sessions.interrupt(caller, id, { clearQueue: false })
    await running
    expect((await ended(waiting.id)).status).toBe('completed')
    await sessions.attachments.remove(caller, id, attachment.id)
  })

  test('that is steered into a running turn has the contents with it', async () => {
    const launcher = new ScriptedLauncher()
    const { sessions, id, add, submit, ask } = await open({ launcher })
    const attachment = await add(samplePng)
    const running = ask(id, 'hang')
    await until(() => [...launcher.agents].some(agent => agent.running))
    await submit([refer('image', attachment)], 'steer')
    expect([...launcher.agents][0]?.steered).toEqual([[image(samplePng)]])
    const { messages } = await sessions.listMessages(caller, id, { limit: 9, offset: 0 })
    expect(messages.at(-1)?.payload).toMatchObject({
      message: { message: { content: [refer('image', attachment)] } },
    })
    await sessions.interrupt(caller, id, { clearQueue: false })
    await running
  })

  test('that waited when the server stopped runs afterwards with what it needs', async () => {
    const file = `${temporaryDirectory()}/store.db`
    const first = await open({ file, drainTimeoutMs: 0 })
    const attachment = await first.add(samplePng)
    void first.ask(first.id, 'hang').catch(() => {})
    await until(async () => (await first.sessions.get(caller, first.id)).state === 'running')
    const waiting = await first.submit([refer('image', attachment)])
    await first.close()
    const { sessions } = await openSessions({ file })
    const turn = await sessions.whenTurnEnded(caller, first.id, waiting.id, new AbortController().signal)
    expect(turn.status).toBe('completed')
    expect(turn.response).toContain(samplePng.toString('base64'))
  })
})
