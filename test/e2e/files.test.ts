import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

async function openWorkspace() {
  const server = await openServer()
  const cwd = join(server.cwd, 'project')
  mkdirSync(cwd)
  const id = await server.createSession({ cwd, permissionMode: 'acceptEdits' })
  const content = `/sessions/${id}/files/content`
  return { ...server, cwd, id, content, files: `/sessions/${id}/files` }
}

test('what Claude writes is listed, read, changed under its tag, seen by Claude, and taken home as an archive', async () => {
  const { cwd, id, content, files, model, ask, call, send } = await openWorkspace()
  const file = join(cwd, 'src/greeting.ts')
  const written = 'export const greeting = "héllo"\n'
  model.script('write the greeting', [
    toolUse('Write', { file_path: file, content: written }),
    text('It is written.'),
  ])
  expect((await ask(id, 'Please write the greeting')).body.response).toBe('It is written.')

  const tree = await call('GET', `${files}?depth=2`)
  expect(tree.body).toMatchObject({
    sessionId: id,
    path: '',
    entries: [
      {
        path: 'src',
        type: 'directory',
        sizeBytes: null,
        children: [{ path: 'src/greeting.ts', type: 'file', sizeBytes: Buffer.byteLength(written) }],
      },
    ],
    nextCursor: null,
  })
  const read = await send('GET', `${content}?path=src/greeting.ts`)
  const etag = read.headers.get('etag') ?? ''
  expect([read.headers.get('content-type'), await read.text()]).toEqual([
    'text/plain; charset=utf-8',
    written,
  ])
  const part = await send('GET', `${content}?path=src/greeting.ts`, undefined, {
    headers: { range: 'bytes=0-5' },
  })
  expect([part.status, await part.text()]).toEqual([206, 'export'])

  const put = (body: string, headers: Record<string, string>) =>
    send('PUT', `${content}?path=src/greeting.ts`, undefined, { body, headers })
  expect((await put('export const greeting = "changed"\n', { 'if-match': etag })).status).toBe(200)
  expect((await put('too late', { 'if-match': etag })).status).toBe(412)

  // Claude has to look again before it may edit what somebody else has changed.
  let seen = ''
  model.script('read it again', prompt => {
    if (prompt.round === 0) return toolUse('Read', { file_path: file })
    seen = prompt.toolResults[0]?.content ?? ''
    return text('I see.')
  })
  await ask(id, 'Please read it again')
  expect(seen).toContain('changed')

  symlinkSync('src/greeting.ts', join(cwd, 'link.ts'))
  symlinkSync('/etc/passwd', join(cwd, 'out'))
  const archive = await send('GET', `/sessions/${id}/archive`)
  expect(archive.headers.get('content-disposition')).toContain('filename="project.tar.gz"')
  const home = temporaryDirectory()
  const input = Buffer.from(await archive.arrayBuffer())
  execFileSync('tar', ['-xzf', '-', '-C', home], { input, env: { PATH: '/usr/bin:/bin' } })
  expect(readdirSync(home).sort()).toEqual(['link.ts', 'src'])
  expect(readFileSync(join(home, 'link.ts'), 'utf8')).toBe('export const greeting = "changed"\n')

  expect((await call('DELETE', `/sessions/${id}`)).status).toBe(204)
  expect((await call('GET', files)).body.entries).toHaveLength(3)
  expect((await put('x', {})).status).toBe(410)
})

test('the files of further directories of the session, and nothing of the server itself', async () => {
  const { cwd, call, send, createSession } = await openServer()
  for (const name of ['one', 'two', 'three']) mkdirSync(join(cwd, name))
  const id = await createSession({ cwd: join(cwd, 'one'), additionalDirectories: [join(cwd, 'two')] })
  const put = (path: string) =>
    send('PUT', `/sessions/${id}/files/content?path=${path}`, undefined, { body: 'x' })
  expect((await put(join(cwd, 'two/a.txt'))).status).toBe(201)
  expect((await put('../two/b.txt')).status).toBe(201)
  expect((await put('../three/a.txt')).status).toBe(403)
  expect((await call('GET', `/sessions/${id}/files?path=${cwd}/two`)).body.entries).toMatchObject([
    { path: join(cwd, 'two/a.txt') },
    { path: join(cwd, 'two/b.txt') },
  ])
  const removing = await send('DELETE', `/sessions/${id}/files/content?path=${cwd}/two&recursive=true`)
  expect(removing.status).toBe(400)
  const wide = await createSession({ cwd: join(cwd, 'one'), additionalDirectories: [cwd] })
  const all = await send('DELETE', `/sessions/${wide}/files/content?path=${cwd}&recursive=true`)
  expect(all.status).toBe(400)
  mkdirSync(join(cwd, 'one/inner/work'), { recursive: true })
  const inner = await createSession({
    cwd: join(cwd, 'one/inner/work'),
    additionalDirectories: [join(cwd, 'one')],
  })
  const content = `/sessions/${inner}/files/content`
  expect((await send('DELETE', `${content}?path=${cwd}/one/inner&recursive=true`)).status).toBe(400)
  expect(readdirSync(join(cwd, 'one/inner'))).toEqual(['work'])
  // The server's data lie in this one's directory.
  const above = await createSession()
  expect((await call('GET', `/sessions/${above}/files/content?path=data/secret.key`)).status).toBe(403)
  const tree = (await call('GET', `/sessions/${above}/files?depth=3`)).body.entries
  expect(tree.find(({ name }: { name: string }) => name === 'data')).not.toHaveProperty('children')
})
