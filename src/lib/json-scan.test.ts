import { describe, expect, it } from 'vitest'
import { findJsonExcess, JsonScan } from './json-scan.ts'

const bounds = { depth: 3, values: 10, numberLength: 8 }
const scan = (text: string) => findJsonExcess(Buffer.from(text), bounds)

describe('findJsonExcess', () => {
  it.each([
    ['[[[]]]', undefined],
    ['[[[[', 'depth'],
    ['{"a":{"a":{"a":{', 'depth'],
    ['[1,2,3,4,5,6,7,8,9,0]', 'values'],
    ['[1,2,3,4,5,6]', undefined],
    ['{"a":1,"b":2,"c":3,"d":4,"e":5}', 'values'],
    ['12345678', undefined],
    ['123456789', 'numberLength'],
    ['-1.5e+1234', 'numberLength'],
    ['[true,false,null]', undefined],
    ['"[[[[[[ , , , , , , , , , , , 12345678901234567890"', undefined],
    ['["\\"[[[[[[", "\\\\", [[ [', 'depth'],
    [']]]][[[[', undefined],
  ] as const)('%s: %s', (text, excess) => expect(scan(text)).toBe(excess))

  it('sees the end of a long string, whatever is escaped in it', () => {
    for (const length of [0, 1, 255, 256, 257, 1_000, 5_000]) {
      const plain = 'x'.repeat(length)
      for (const inside of [
        plain,
        `${plain}\\"[[[[${plain}`,
        `\\\\${plain}`,
        `${plain}\\\\`,
        `${plain}\\\\\\"`,
      ]) {
        expect(scan(`["${inside}"]`)).toBeUndefined()
        expect(scan(`["${inside}",[[[`)).toBe('depth')
      }
    }
  })

  it('finds the same wherever a text is cut', () => {
    const long = 'y'.repeat(600)
    const texts = [
      `["${long}\\\\", 1234567, [["${long}\\""]]]`,
      `["\\"${long}", [[[`,
      '[1,2,3,4,5,6,7,8,9]',
      '12345678901',
    ]
    for (const text of texts) {
      const whole = Buffer.from(text)
      const expected = findJsonExcess(whole, bounds)
      for (let at = 0; at <= whole.length; at++) {
        const pieces = new JsonScan(bounds)
        expect(pieces.add(whole.subarray(0, at)) ?? pieces.add(whole.subarray(at))).toBe(expected)
      }
    }
  })
})
