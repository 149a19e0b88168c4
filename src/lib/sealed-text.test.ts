import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CannotUnseal, createSealer } from './sealed-text.ts'

const [key, other] = [randomBytes(32), randomBytes(32)]

describe('sealed text', () => {
  test.each(['', 'hunter2', '漢字 👍 \0', 'x'.repeat(100_000)])('comes back as it was', text => {
    const sealer = createSealer([key])
    const sealed = sealer.seal(text, 'a')
    expect(sealer.unseal(sealed, 'a')).toBe(text)
    if (text.length > 2) expect(sealed).not.toContain(text.slice(0, 5))
    expect(sealer.seal(text, 'a')).not.toBe(sealed)
  })

  test('a key that was replaced still unseals, a key that is gone does not', () => {
    const sealed = createSealer([key]).seal('hunter2', 'a')
    expect(createSealer([other, key]).unseal(sealed, 'a')).toBe('hunter2')
    expect(() => createSealer([other]).unseal(sealed, 'a')).toThrow(CannotUnseal)
  })

  test('another context, a changed or a cut text are refused', () => {
    const sealer = createSealer([key])
    const sealed = sealer.seal('hunter2', 'a')
    const broken = ['', 'v1', sealed.slice(0, -4), sealed.replace('v1', 'v2'), `${sealed.slice(0, -3)}AAA`]
    expect(() => sealer.unseal(sealed, 'b')).toThrow(CannotUnseal)
    for (const text of broken) expect(() => sealer.unseal(text, 'a')).toThrow(CannotUnseal)
  })

  test('keys of another length are no keys', () => {
    expect(() => createSealer([])).toThrow()
    expect(() => createSealer([randomBytes(16)])).toThrow()
  })
})
