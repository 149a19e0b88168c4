import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aroundNavigation, leaveUnsaved, markUnsaved } from './unsaved.ts'

const here = 'http://server/console/sessions/1/files?path=a'

beforeEach(() => {
  vi.stubGlobal('location', { href: here })
  vi.stubGlobal('window', new EventTarget())
})
afterEach(() => vi.unstubAllGlobals())

const isClosedSilently = () => window.dispatchEvent(new Event('beforeunload', { cancelable: true }))

test('navigation is held back while something is unsaved, except to the same address', () => {
  const navigate = vi.fn()
  const other = '/console/sessions/1/files?path=b'
  const saved = markUnsaved()
  aroundNavigation(navigate, other)
  leaveUnsaved(navigate)
  expect(navigate).not.toHaveBeenCalled()
  expect(isClosedSilently()).toBe(false)
  aroundNavigation(navigate, '/console/sessions/1/files?path=a')
  expect(navigate).toHaveBeenCalledTimes(1)
  saved()
  aroundNavigation(navigate, other)
  leaveUnsaved(navigate)
  expect(navigate).toHaveBeenCalledTimes(3)
  expect(isClosedSilently()).toBe(true)
})
