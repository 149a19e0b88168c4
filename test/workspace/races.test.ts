import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openFiles, secret } from './open-files.ts'

interface Swapping {
  isGoingOn(): boolean
  stop(): Promise<void>
}

/** A program of its own that swaps the path for a link to the target all the time, until the test is over. */
async function swapAllTheTime(path: string, target: string): Promise<Swapping> {
  const program = join(import.meta.dirname, '../fixtures/swap-for-link.ts')
  const child = spawn(process.execPath, [program, path, target], {
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  onTestFinished(() => void child.kill())
  await once(child.stdout, 'data')
  return {
    isGoingOn: () => child.exitCode === null,
    async stop() {
      child.stdin.end()
      await exited
    },
  }
}

/** Goes on until it has gone well, and has been refused, often enough to say that the race was run. */
async function runRace(
  swapping: Swapping,
  attempt: (round: number) => Promise<void>,
): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>()
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  for (let round = 0; ; round++) {
    if (!swapping.isGoingOn()) throw new Error('nothing is swapped any more')
    await attempt(round).then(
      () => count('done'),
      error => {
        if (!('code' in error)) throw error
        count(error.code)
      },
    )
    const done = outcomes.get('done') ?? 0
    if (done >= 100 && round - done >= 100) return outcomes
  }
}

const expected = ['done', 'FILE_NOT_FOUND', 'PATH_NOT_ALLOWED', 'INVALID_REQUEST', 'PRECONDITION_FAILED']

describe('a directory that is swapped for a link to somewhere outside', () => {
  test('reading never gets what is outside', async () => {
    const { cwd, outside, read } = openFiles({ 'dir/secret.txt': 'mine', 'dir/inner/file': 'mine' })
    const swapping = await swapAllTheTime(join(cwd, 'dir'), outside)
    const outcomes = await runRace(swapping, async round => {
      const path = round % 2 === 0 ? 'dir/secret.txt' : 'dir/../dir/inner/file'
      expect(await read(path)).toBe('mine')
    })
    await swapping.stop()
    expect(expected).toEqual(expect.arrayContaining([...outcomes.keys()]))
  })

  test('listing and archiving never show what is outside', async () => {
    const { cwd, outside, files, roots, list } = openFiles({
      'dir/mine.txt': 'mine',
      'dir/inner/mine.txt': 'mine',
    })
    const swapping = await swapAllTheTime(join(cwd, 'dir'), outside)
    const shown: string[] = []
    await runRace(swapping, async round => {
      if (round % 3 === 0) shown.push(JSON.stringify(await list('dir', { depth: 3 })))
      else if (round % 3 === 1) {
        const { entries } = await list('', { depth: 4 })
        shown.push(JSON.stringify(entries))
        // It is seen as it is, or as a link that leads nowhere that may be told.
        if (!JSON.stringify(entries).includes('mine.txt'))
          throw Object.assign(new Error(), { code: 'swapped' })
      } else {
        const { content } = await files.archive(roots, { path: '', exclude: [] })
        const archive = gunzipSync(await buffer(content)).toString('latin1')
        shown.push(archive)
        if (!archive.includes('mine.txt')) throw Object.assign(new Error(), { code: 'swapped' })
      }
    })
    await swapping.stop()
    expect(shown.filter(text => /secret|outside|not for anybody/.test(text))).toEqual([])
  })

  test('writing and removing never change what is outside', async () => {
    const { cwd, outside, write, remove } = openFiles({ 'dir/inner/file': 'mine' })
    const swapping = await swapAllTheTime(join(cwd, 'dir'), outside)
    await runRace(swapping, async round => {
      const kind = round % 4
      if (kind === 0) await write('dir/secret.txt', `${round}`)
      if (kind === 1) await write(`dir/inner/new-${round}/file`, `${round}`, { noneMatch: '*' })
      if (kind === 2) await remove('dir/inner', true)
      if (kind === 3) await remove('dir/secret.txt')
    })
    await swapping.stop()
    expect(readdirSync(outside).sort()).toEqual(['inner', 'secret.txt'])
    expect(readdirSync(join(outside, 'inner'))).toEqual([])
    expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe(secret)
  })
})

describe('a file that is swapped for a link to one outside', () => {
  test('is read as itself or not at all, and replaced without writing through the link', async () => {
    const { cwd, outside, read, write } = openFiles({ file: 'mine' })
    const swapping = await swapAllTheTime(join(cwd, 'file'), join(outside, 'secret.txt'))
    await runRace(swapping, async () => expect(await read('file')).toBe('mine'))
    await swapping.stop()
    const swappingAgain = await swapAllTheTime(join(cwd, 'file'), join(outside, 'not-there'))
    await runRace(swappingAgain, async () => {
      await read('file')
    })
    await swappingAgain.stop()
    await write('file', 'changed')
    expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe(secret)
    expect(existsSync(join(outside, 'not-there'))).toBe(false)
  })
})
