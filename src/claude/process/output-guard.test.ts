import { expect, test } from 'vitest'
import { OutputGuard } from './output-guard.ts'

async function pass(chunks: (string | Buffer)[]) {
  const seen = { frames: 0, overflows: 0 }
  const guard = new OutputGuard({
    onFrame: () => seen.frames++,
    onOverflow: () => seen.overflows++,
  })
  const out: Buffer[] = []
  guard.on('data', (chunk: Buffer) => out.push(chunk))
  for (const chunk of chunks) guard.write(chunk)
  await new Promise<void>(resolve => {
    guard.once('end', resolve)
    guard.end()
  })
  return { ...seen, out: Buffer.concat(out).toString() }
}

test.each([
  ['frames', '{"a":1}\n{"b":2}\n', '{"a":1}\n{"b":2}\n'],
  ['between garbage', 'x\n{"a":1}\n\nnull\n[{}]\n{"b":2}\n {}\n', '{"a":1}\n{"b":2}\n'],
  ['garbage alone', 'x\ny\n\n', ''],
  ['half a frame at the end', '{"a":1}\n{"b', '{"a":1}\n{"b'],
  ['half a line of garbage at the end', '{"a":1}\nnul', '{"a":1}\n'],
])('%s: frames go through whatever way they are cut', async (_name, text, expected) => {
  const bytes = Buffer.from(text)
  expect((await pass([bytes])).out).toBe(expected)
  for (let cut = 1; cut < bytes.length; cut++) {
    expect((await pass([bytes.subarray(0, cut), bytes.subarray(cut)])).out).toBe(expected)
  }
  expect((await pass(Array.from(bytes, byte => Buffer.from([byte])))).out).toBe(expected)
})

test('only a whole frame is a sign of life', async () => {
  expect((await pass(['{"a"', ':1'])).frames).toBe(0)
  expect((await pass(['garbage\n', 'more\n'])).frames).toBe(0)
  expect((await pass(['{"a"', ':1}\n'])).frames).toBe(1)
})

test('a frame that is too long is told once, and what follows is left out', async () => {
  const megabyte = 'x'.repeat(1024 * 1024)
  const { overflows, out } = await pass(['{"a":"', ...Array(40).fill(megabyte), '"}\n{"b":1}\n'])
  expect(overflows).toBe(1)
  expect(out.length).toBeLessThanOrEqual(33 * 1024 * 1024)
  expect(out).not.toContain('"b"')
  expect((await pass(['{"a":"', ...Array(30).fill(megabyte), '"}\n'])).overflows).toBe(0)
  expect((await pass(['x', ...Array(40).fill(megabyte), '\n{"b":1}\n'])).out).toBe('{"b":1}\n')
})

test.each([
  ['too deep', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`],
  ['of too many values', `{"a":[${Array(600_000).fill('1').join()}]}\n`],
])('a frame that is %s is told once, and what follows is left out', async (_name, frame) => {
  const bytes = Buffer.from(`{"first":1}\n${frame}{"b":1}\n`)
  for (const chunks of [[bytes], [bytes.subarray(0, 50_000), bytes.subarray(50_000)]]) {
    const { overflows, out } = await pass(chunks)
    expect(overflows).toBe(1)
    expect(out).not.toContain('"b"')
  }
})

test('depth counts in each frame anew, and not in garbage', async () => {
  const half = `{"a":${'['.repeat(600)}${']'.repeat(600)}}\n`
  expect((await pass([half, half, half])).overflows).toBe(0)
  expect((await pass([`x${'['.repeat(5_000)}\n`, half])).overflows).toBe(0)
})
