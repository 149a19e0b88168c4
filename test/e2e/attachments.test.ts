import { describe, expect, test } from 'vitest'
import type { StandInModel } from '../../src/demo/stand-in-model.ts'
import type { Answer } from '../support/client.ts'
import { runsLong } from '../support/lanes.ts'
import { apiKey, openServer, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { samplePdf, samplePng, sampleText } from '../support/sample-files.ts'

type Server = Awaited<ReturnType<typeof openServer>>

async function upload(
  { base }: Pick<Server, 'base'>,
  sessionId: string,
  bytes: Buffer,
  query = '',
  type = 'application/octet-stream',
): Promise<Pick<Answer, 'status' | 'body'>> {
  const response = await fetch(`${base}/sessions/${sessionId}/attachments${query}`, {
    method: 'POST',
    body: new Uint8Array(bytes),
    headers: { 'x-api-key': apiKey, 'content-type': type },
  })
  return { status: response.status, body: await response.json() }
}

/** The blocks of all that the model was told in its latest prompt, without Claude Code's marks. */
function blocksSeenBy(model: StandInModel): Record<string, unknown>[] {
  const request = model.requests.findLast(({ kind }) => kind === 'prompt')
  const { messages } = (request?.body ?? { messages: [] }) as {
    messages: { role: string; content: Record<string, unknown>[] | string }[]
  }
  return messages
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
    .map(({ cache_control: _, ...block }) => block)
}

/** Twenty are the most that are taken. */
const largeMegabytes = runsLong ? 20 : 4

const refer = (type: 'image' | 'document', attachmentId: string) => ({
  type,
  source: { type: 'attachment', attachmentId },
})
const inlineImage = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: samplePng.toString('base64') },
}
const inlinePdf = {
  type: 'document',
  source: { type: 'base64', media_type: 'application/pdf', data: samplePdf.toString('base64') },
}
const inlineText = {
  type: 'document',
  title: 'notes.txt',
  source: { type: 'text', media_type: 'text/plain', data: sampleText.toString() },
}

const shared = shareServer({ record: true })

describe('the model sees', () => {
  test('what is inline', async () => {
    const server = shared()
    const id = await server.createSession()
    const prompt = [inlineImage, inlinePdf, inlineText, { type: 'text', text: 'Look at these' }]
    const answer = await server.call('POST', `/sessions/${id}/messages`, { prompt })
    expect(answer.status).toBe(200)
    const seen = blocksSeenBy(server.model)
    for (const block of [inlineImage, inlinePdf, inlineText]) expect(seen).toContainEqual(block)
  })

  test('what was uploaded before, while turn and history keep the reference', async () => {
    const server = shared()
    const id = await server.createSession()
    const png = await upload(server, id, samplePng, '?name=a%20dot.png', 'image/png')
    expect(png).toMatchObject({
      status: 201,
      body: { type: 'image', name: 'a dot.png', mediaType: 'image/png', sizeBytes: samplePng.length },
    })
    const pdf = await upload(server, id, samplePdf, '?name=plan.pdf')
    const text = await upload(server, id, sampleText, '?name=notes.txt', 'text/plain')
    const prompt = [
      refer('image', png.body.attachmentId),
      refer('document', pdf.body.attachmentId),
      refer('document', text.body.attachmentId),
      { type: 'text', text: 'Look at these' },
    ]
    const { turnId } = (await server.call('POST', `/sessions/${id}/messages`, { prompt })).body
    const seen = blocksSeenBy(server.model)
    for (const block of [inlineImage, { ...inlinePdf, title: 'plan.pdf' }, inlineText]) {
      expect(seen).toContainEqual(block)
    }
    expect((await server.call('GET', `/sessions/${id}/turns/${turnId}`)).body.prompt).toEqual(prompt)
    const { messages } = (await server.call('GET', `/sessions/${id}/messages`)).body
    expect(messages[0].content.message.content).toEqual(prompt)
    expect(JSON.stringify(messages)).not.toContain(samplePdf.toString('base64'))
  })

  test(`a file of ${largeMegabytes} megabytes`, async () => {
    const server = shared()
    const id = await server.createSession()
    const large = Buffer.concat([
      samplePdf,
      Buffer.alloc(largeMegabytes * 1024 * 1024 - samplePdf.length, ' '),
    ])
    const { attachmentId } = (await upload(server, id, large)).body
    const prompt = [refer('document', attachmentId), { type: 'text', text: 'Look' }]
    expect((await server.call('POST', `/sessions/${id}/messages`, { prompt })).status).toBe(200)
    const seen = blocksSeenBy(server.model).find(({ type }) => type === 'document') as typeof inlinePdf
    expect(seen.source.data.length).toBe(Math.ceil(large.length / 3) * 4)
  })

  test('what was uploaded before a restart, in a turn that waited for it', async () => {
    const first = await openServer()
    const id = await first.createSession()
    const { attachmentId } = (await upload(first, id, samplePng)).body
    void first.ask(id, 'Count slowly to 1000').catch(() => {})
    await until(async () => (await first.call('GET', `/sessions/${id}`)).body.state === 'running')
    const prompt = [refer('image', attachmentId), { type: 'text', text: 'What is 6 times 7?' }]
    const { turnId } = (await first.call('POST', `/sessions/${id}/messages`, { prompt, background: true }))
      .body
    expect(
      (await first.call('DELETE', `/sessions/${id}/attachments/${attachmentId}`)).body.error,
    ).toMatchObject({
      code: 'ATTACHMENT_IN_USE',
      details: { turnId },
    })
    await first.close()
    const second = await openServer({
      record: true,
      dataDir: `${first.cwd}/data`,
      defaultCwd: first.cwd,
      environment: { HOME: first.cwd, CLAUDE_CONFIG_DIR: `${first.cwd}/.claude` },
    })
    await until(
      async () => (await second.call('GET', `/sessions/${id}/turns/${turnId}`)).body.status === 'completed',
    )
    expect(blocksSeenBy(second.model)).toContainEqual(inlineImage)
    expect((await second.call('DELETE', `/sessions/${id}/attachments/${attachmentId}`)).status).toBe(204)
  })
})

describe('the file', () => {
  test('is a text when it only mentions a PDF, and may be said to be any text', async () => {
    const server = shared()
    const id = await server.createSession()
    const notes = Buffer.from('# Notes\nA PDF begins with %PDF-1.7\n')
    const drawing = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')
    const program = Buffer.from('print(1)')
    const isText = { status: 201, body: { type: 'document', mediaType: 'text/plain' } }
    for (const [bytes, type] of [
      [notes, 'text/plain'],
      [notes, 'application/octet-stream'],
      [drawing, 'image/svg+xml'],
      [program, 'application/x-python-code'],
    ] as const) {
      expect(await upload(server, id, bytes, '', type)).toMatchObject(isText)
    }
    for (const type of ['image/png', 'application/pdf', 'audio/mpeg', 'multipart/form-data; boundary=x']) {
      expect((await upload(server, id, notes, '', type)).body.error?.details.issues).toEqual([
        {
          path: 'Content-Type',
          message: `must match the body, which is text/plain, not ${type.split(';')[0]}`,
        },
      ])
    }
    const source = { ...inlinePdf.source, data: notes.toString('base64') }
    const inline = await server.call('POST', `/sessions/${id}/messages`, {
      prompt: [{ ...inlinePdf, source }],
    })
    expect(inline.body.error?.details.issues).toEqual([
      {
        path: 'prompt[0].source.media_type',
        message: 'application/pdf must match the data, which is text/plain',
      },
    ])
    const { attachments } = (await server.call('GET', `/sessions/${id}/attachments`)).body
    const prompt = [refer('document', attachments[0].attachmentId), { type: 'text', text: 'Look' }]
    expect((await server.call('POST', `/sessions/${id}/messages`, { prompt })).status).toBe(200)
    const seen = blocksSeenBy(server.model).find(({ type }) => type === 'document')
    expect(seen?.source).toMatchObject({ type: 'text' })
  })

  test('is listed, given back to be saved and never shown, and removed', async () => {
    const server = shared()
    const { call, send } = server
    const id = await server.createSession()
    const page = Buffer.from('<script>alert(1)</script>')
    const { body } = await upload(server, id, page, '?name=Gr%C3%BC%C3%9Fe.html', 'text/html')
    const path = `/sessions/${id}/attachments/${body.attachmentId}`
    expect((await call('GET', `/sessions/${id}/attachments`)).body.attachments).toEqual([body])
    const response = await send('GET', path)
    expect(Buffer.from(await response.arrayBuffer())).toEqual(page)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': `${page.length}`,
      'content-disposition': `attachment; filename="Gr__e.html"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.html`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      etag: `"${body.sha256}"`,
    })
    expect((await call('DELETE', path)).status).toBe(204)
    for (const method of ['GET', 'DELETE']) {
      expect(await call(method, path)).toMatchObject({
        status: 404,
        body: { error: { code: 'ATTACHMENT_NOT_FOUND' } },
      })
    }
  })

  test('is refused for what it is', async () => {
    const server = await openServer({ maxAttachmentBytesPerSession: 100, maxUploadBytes: 7_000_000 })
    const id = await server.createSession()
    const issues = async (answer: Pick<Answer, 'status' | 'body'>) => {
      expect(answer).toMatchObject({ status: 400, body: { error: { code: 'INVALID_REQUEST' } } })
      return answer.body.error.details.issues.map(({ path }: { path: string }) => path)
    }
    expect(await issues(await upload(server, id, Buffer.alloc(0)))).toEqual([''])
    expect(await issues(await upload(server, id, Buffer.from([0, 255])))).toEqual([''])
    expect(await issues(await upload(server, id, samplePng, '', 'image/gif'))).toEqual(['Content-Type'])
    expect(await issues(await upload(server, id, samplePng, '?name=..%2Fa'))).toEqual(['name'])
    const tooLarge = await upload(server, id, Buffer.concat([samplePng, Buffer.alloc(6_000_000)]))
    expect(tooLarge).toMatchObject({
      status: 413,
      body: { error: { code: 'PAYLOAD_TOO_LARGE', details: { limit: 5 * 1024 * 1024 } } },
    })
    expect((await upload(server, id, Buffer.alloc(8_000_000, ' '))).status).toBe(413)
    expect((await upload(server, id, samplePng)).status).toBe(201)
    expect(await upload(server, id, samplePng)).toMatchObject({
      status: 413,
      body: { error: { code: 'ATTACHMENT_LIMIT_REACHED', details: { limit: 100, used: samplePng.length } } },
    })
    const prompt = [refer('image', crypto.randomUUID())]
    const answer = await server.call('POST', `/sessions/${id}/messages`, { prompt })
    expect(await issues(answer)).toEqual(['prompt[0].source.attachmentId'])
    expect((await server.call('GET', `/sessions/${id}/turns`)).body.turns).toEqual([])
  })
})
