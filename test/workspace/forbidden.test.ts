import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { LocalWorkspaceFiles } from '../../src/workspace/files/files.ts'
import { errorOf, openFiles, toLines } from './open-files.ts'

const tree = {
  'file.txt': 'mine',
  'server/data/secret.key': 'of the server',
  'server/data/session/inner.txt': 'of a session',
  'link-to-data': '-> server/data',
}

describe("the server's own directory inside a session's", () => {
  test('is never opened, under whatever name, and not removed', async () => {
    const { cwd, roots } = openFiles(tree)
    const files = new LocalWorkspaceFiles({ forbidden: [join(cwd, 'server/data'), join(cwd, 'missing')] })
    const options = { recursive: true, precondition: {} }
    const tryAll = async (path: string) => {
      const attempts = [
        () => files.open(roots, `${path}/secret.key`),
        () => files.write(roots, `${path}/new`, Buffer.from('x'), {}),
        () => files.write(roots, `${path}/new/er`, Buffer.from('x'), {}),
        () => files.remove(roots, `${path}/secret.key`, options),
        () => files.list(roots, { path, depth: 1, limit: 10 }),
        () => files.archive(roots, { path, exclude: [] }),
      ]
      for (const attempt of attempts) expect(await errorOf(attempt())).toEqual({ code: 'PATH_NOT_ALLOWED' })
    }
    await tryAll('server/data')
    await tryAll('link-to-data')
    await tryAll('link-to-data/session/..')
    expect(await errorOf(files.remove(roots, 'server', options))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    const { entries } = await files.list(roots, { path: '', depth: 5, limit: 10 })
    expect(toLines(entries)).toEqual([
      'file.txt file',
      'link-to-data symlink',
      'server directory',
      '  data directory ...',
    ])
    const { content } = await files.archive(roots, { path: '', exclude: [] })
    const archive = gunzipSync(await buffer(content)).toString()
    expect(archive).toContain('mine')
    expect(archive).not.toContain('of the server')
    renameSync(join(cwd, 'server/data'), join(cwd, 'moved'))
    expect(existsSync(join(cwd, 'moved/secret.key'))).toBe(true)
  })

  test('keeps all that is beside it when what they lie in is to be removed', async () => {
    const { cwd, roots } = openFiles({ 'x/aaa/keep': '', 'x/deep/er/data/': '', 'x/zzz': '' })
    const files = new LocalWorkspaceFiles({ forbidden: [join(cwd, 'x/deep/er/data')] })
    const removing = files.remove(roots, 'x', { recursive: true, precondition: {} })
    expect(await errorOf(removing)).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(readdirSync(join(cwd, 'x'), { recursive: true }).sort()).toEqual([
      'aaa',
      'aaa/keep',
      'deep',
      'deep/er',
      'deep/er/data',
      'zzz',
    ])
  })

  test('a session that works below it has its own files', async () => {
    const { cwd } = openFiles(tree)
    const files = new LocalWorkspaceFiles({ forbidden: [join(cwd, 'server/data')] })
    const roots = [join(cwd, 'server/data/session')] as const
    const opened = await files.open(roots, 'inner.txt')
    expect((await buffer(opened.read(0, opened.sizeBytes))).toString()).toBe('of a session')
    expect(await errorOf(files.open(roots, '../secret.key'))).toEqual({ code: 'PATH_NOT_ALLOWED' })
    expect(await errorOf(files.list([join(cwd, 'server/data')], { path: '', depth: 1, limit: 1 }))).toEqual({
      code: 'PATH_NOT_ALLOWED',
    })
  })
})
