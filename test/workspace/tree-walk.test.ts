import { mkdirSync, readdirSync, readlinkSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { toFileName } from '../../src/workspace/files/file-name.ts'
import { TreeWalk } from '../../src/workspace/files/tree-walk.ts'
import { Directory, hasDescriptorPaths } from '../../src/workspace/provisioning/directory.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

async function open(levels: number, batchSize = 1) {
  const directory = temporaryDirectory()
  const top = join(directory, 'top')
  for (let level = 0; level < levels; level++) {
    const here = join(top, 'd/'.repeat(level))
    mkdirSync(join(here, 'd'), { recursive: true })
    for (const name of ['a', 'z']) writeFileSync(join(here, name), '')
  }
  const opened = await Directory.open(top, { pinned: hasDescriptorPaths, isForbidden: () => false })
  const tree = new TreeWalk(opened, { batchSize })
  onTestFinished(async () => {
    await tree.close()
    await opened.close()
  })
  const held = () =>
    readdirSync('/proc/self/fd').filter(descriptor => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(directory)
      } catch {
        // The one that it was listed with.
        return false
      }
    })
  return { directory, top, tree, held }
}

test('visits everything once, in order, and holds few directories however deep it goes', async () => {
  for (const batchSize of [1, 2, 100]) {
    const { tree, held } = await open(100, batchSize)
    const before = held().length
    const visited: string[] = []
    let most = 0
    for (;;) {
      const name = (await tree.next())?.toString()
      if (name === undefined && (await tree.leave()) === undefined) break
      visited.push(name ?? '..')
      if (name === 'd') await tree.enter(toFileName(Buffer.from(name)))
      most = Math.max(most, held().length - before)
    }
    const down = Array.from({ length: 100 }, () => ['a', 'd']).flat()
    const up = Array.from({ length: 100 }, () => ['..', 'z']).flat()
    expect(visited).toEqual([...down, ...up])
    expect(most).toBeLessThan(40)
    expect(held()).toHaveLength(before)
  }
})

test('never goes on in another directory when the one it is in has been moved there', async () => {
  const { directory, top, tree } = await open(60)
  for (let level = 0; level < 60; level++) await tree.enter('d')
  // Far above, where nothing is held any more.
  mkdirSync(join(directory, 'elsewhere'))
  renameSync(join(top, 'd/'.repeat(10)), join(directory, 'elsewhere/d'))
  for (let level = 60; level > 10; level--) expect(await tree.leave()).toBe('d')
  await expect(tree.leave()).rejects.toMatchObject({ code: 'ENOENT' })
})
