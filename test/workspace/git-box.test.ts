import { randomUUID } from 'node:crypto'
import { existsSync, globSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ControlGroups } from '../../src/lib/box/control-groups.ts'
import { GitBox } from '../../src/workspace/git/git-box.ts'
import { makeRepository } from '../support/git.ts'
import { endsLater } from '../support/lifetime.ts'
import { requirements } from '../support/machine.ts'
import { until } from '../support/open-sessions.ts'
import { openProvider } from './open-provider.ts'

const program = requirements.bubblewrap.find()
const megabyte = 1024 * 1024

function openBoxed(bubblewrap: string) {
  const marker = randomUUID()
  const limits = {
    memoryBytes: 1024 * megabyte,
    processes: 64,
    temporaryBytes: megabyte,
    homeBytes: megabyte,
  }
  const groups = new ControlGroups('claude-code-api-')
  const box = new GitBox({ program: bubblewrap, groups, readable: [], limits, marker })
  const left = () => globSync(`/sys/fs/cgroup/**/claude-code-api-${marker}*`)
  return { ...openProvider({}, { box }), left }
}

if (program !== undefined) {
  test('whatever git runs in its box reaches the directories that it was given, and nothing else', async () => {
    const { git, root, outside, data, left } = openBoxed(program)
    for (const path of [join(root, 'given'), join(root, 'other'), outside])
      mkdirSync(path, { recursive: true })
    writeFileSync(join(root, 'given/file'), 'given')
    writeFileSync(join(root, 'other/file'), 'other')
    writeFileSync(join(data, 'secret.key'), 'secret')
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    endsLater(() => server.close())
    const port = (server.address() as { port: number }).port
    const own = join(data, 'own')
    mkdirSync(own)
    const reach = { own: [own], writable: [], readable: [join(root, 'given')] }
    /** As if git had been made to run it. */
    const reaches = async (command: string) => {
      const args = ['-c', `alias.x=!${command}`, 'x']
      return (await git.run(args, { cwd: own, reach, timeoutMs: 20_000 })).code === 0
    }
    const connect = `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}'`
    const results = []
    for (const command of [
      `cat ${root}/given/file`,
      'touch made',
      `touch ${root}/given/made`,
      `cat ${root}/other/file`,
      `cat ${data}/secret.key`,
      connect,
      'test -w /proc/sys/kernel/core_pattern',
    ]) {
      results.push(await reaches(command))
    }
    expect(results).toEqual([true, true, false, false, false, false, false])
    expect(existsSync(join(own, 'made'))).toBe(true)
    symlinkSync(join(root, 'other'), join(root, 'link'))
    const replaced = { ...reach, readable: [join(root, 'link')] }
    expect(await git.run(['version'], { cwd: own, reach: replaced, timeoutMs: 20_000 })).toMatchObject({
      code: 128,
    })
    await until(() => left().length === 0)
  })

  test('snapshots, worktrees and clones of local repositories are made in boxes', async () => {
    const { root, snapshot, snapshotsOf, worktree, clone, provider, left } = openBoxed(program)
    const repository = makeRepository(join(root, 'project'), { 'a.txt': 'one\n' })
    const before = await snapshot(repository)
    writeFileSync(join(repository, 'a.txt'), 'two\n')
    const after = await snapshot(repository)
    if (!('tree' in before && 'tree' in after)) throw new Error(JSON.stringify([before, after]))
    const diff = await snapshotsOf('snapshots.git').run(['diff', before.tree, after.tree])
    expect(diff.stdout.toString()).toContain('-one\n+two\n')
    const made = [await worktree(repository), await clone(repository)]
    expect(made.map(({ path }) => existsSync(join(path, 'a.txt')))).toEqual([true, true])
    for (const each of made) await provider.remove(each)
    expect(made.map(({ path }) => existsSync(path))).toEqual([false, false])
    await until(() => left().length === 0)
  })
}

test('without bubblewrap git works as it is', async () => {
  const { git, root } = openProvider()
  mkdirSync(root, { recursive: true })
  const reach = { own: [], writable: [], readable: [] }
  expect(await git.run(['version'], { cwd: root, reach, timeoutMs: 20_000 })).toMatchObject({ code: 0 })
})
