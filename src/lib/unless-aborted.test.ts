import { expect, test } from 'vitest'
import { unlessAborted } from './unless-aborted.ts'

const never = () => new Promise<never>(() => {})

test('is the promise where no signal fires', async () => {
  const { signal } = new AbortController()
  expect(await unlessAborted(Promise.resolve(1), signal)).toBe(1)
  await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
})

test('rejects with the reason of whichever signal fires', async () => {
  for (const index of [0, 1]) {
    const controllers = [new AbortController(), new AbortController()]
    const waiting = unlessAborted(never(), ...controllers.map(({ signal }) => signal))
    controllers[index]?.abort(new Error(`by ${index}`))
    await expect(waiting).rejects.toThrow(`by ${index}`)
  }
})

test('a promise that has settled wins over a signal that has fired', async () => {
  const signal = AbortSignal.abort(new Error('late'))
  expect(await unlessAborted(Promise.resolve(1), signal)).toBe(1)
  await expect(unlessAborted(never(), signal)).rejects.toThrow('late')
})
