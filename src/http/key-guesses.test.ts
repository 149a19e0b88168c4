import { describe, expect, test } from 'vitest'
import { KeyGuesses, type KeyGuessesOptions } from './key-guesses.ts'

const second = 1_000
const hour = 60 * 60 * second

function openGuesses(options: Partial<KeyGuessesOptions> = {}) {
  let now = 0
  let made = 0
  const guesses = new KeyGuesses({ limit: 3, now: () => now, ...options })
  return {
    guesses,
    pass: (ms: number) => {
      now += ms
    },
    wrong: (address = '192.0.2.1', key = `guess ${made++}`) => guesses.judge(address, key, undefined),
    right: (address = '192.0.2.1', id = 'a') => guesses.judge(address, `key ${id}`, id),
  }
}

test('beyond the limit, each wrong key makes its address wait twice as long, up to five minutes', () => {
  const { wrong, pass } = openGuesses()
  expect([wrong(), wrong(), wrong()]).toEqual([0, 0, 0])
  for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
    expect(wrong()).toBe(seconds * second)
    pass(seconds * second)
    expect(wrong()).toBe(0)
  }
})

test('tries while an address waits change nothing', () => {
  const { wrong, pass } = openGuesses()
  for (let count = 0; count < 3; count++) wrong()
  for (let count = 0; count < 100; count++) expect(wrong()).toBe(second)
  pass(second)
  expect(wrong()).toBe(0)
})

describe('while an address waits', () => {
  test('a right key gets the same answer as a wrong one', () => {
    const { wrong, right, pass } = openGuesses()
    for (let count = 0; count < 3; count++) wrong()
    expect(right()).toBe(second)
    expect(right()).toBe(wrong())
    pass(second)
    expect(right()).toBe(0)
  })

  test('keys that have worked there before pass, but not those that have worked elsewhere', () => {
    const { wrong, right } = openGuesses()
    right('192.0.2.1', 'a')
    right('192.0.2.2', 'b')
    for (let count = 0; count < 3; count++) wrong()
    expect(right('192.0.2.1', 'a')).toBe(0)
    expect(right('192.0.2.1', 'b')).toBe(second)
    expect(right('192.0.2.2', 'c')).toBe(0)
  })

  test('a right key does not start the count anew', () => {
    const { wrong, right, pass } = openGuesses()
    right()
    for (let count = 0; count < 3; count++) wrong()
    right()
    expect(wrong()).toBe(second)
    pass(second)
    wrong()
    expect(wrong()).toBe(2 * second)
  })
})

test('a client that repeats one wrong key counts once', () => {
  const { wrong, right } = openGuesses()
  for (let count = 0; count < 100; count++) expect(wrong('192.0.2.1', 'expired')).toBe(0)
  expect(right()).toBe(0)
})

test('after an hour without a wrong key an address starts anew', () => {
  const { wrong, right, pass, guesses } = openGuesses()
  for (let count = 0; count < 3; count++) wrong()
  pass(hour)
  expect(right()).toBe(0)
  expect(guesses.size.addresses).toBe(0)
})

test('an IPv6 address counts with its /64 network, an IPv4 one also when it is written as IPv6', () => {
  const { wrong } = openGuesses()
  for (let count = 0; count < 3; count++) wrong(`2001:db8:0:1::${count}`)
  expect(wrong('2001:db8:0:1:ffff::9')).toBe(second)
  expect(wrong('2001:db8:0:2::1')).toBe(0)
  for (let count = 0; count < 3; count++) wrong('192.0.2.9')
  expect(wrong('::ffff:192.0.2.9')).toBe(second)
})

describe('an attacker with many addresses', () => {
  test('cannot fill the memory, nor have its own count forgotten', () => {
    const { guesses, wrong, pass } = openGuesses({ maxAddresses: 10 })
    for (let count = 0; count < 4; count++) wrong('192.0.2.1')
    for (let count = 0; count < 500; count++) wrong(`198.51.100.${count % 250}`)
    expect(guesses.size.addresses).toBe(10)
    expect(wrong('192.0.2.1')).toBe(second)
    pass(second)
    expect(wrong('192.0.2.1')).toBe(0)
    expect(wrong('192.0.2.1')).toBe(2 * second)
  })

  test('makes new keys at other addresses wait at most five minutes, and no keys that have worked', () => {
    const { wrong, right, pass } = openGuesses({ maxAddresses: 10 })
    right('203.0.113.1', 'a')
    for (let round = 0; round < 20; round++) {
      for (let count = 0; count < 250; count++) wrong(`198.51.100.${count}`)
      pass(100 * second)
    }
    expect(right('203.0.113.1', 'a')).toBe(0)
    const wait = right('203.0.113.1', 'b')
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(300 * second)
  })
})

test('the memory for keys that have worked is bounded; the latest stay', () => {
  const { guesses, right, wrong } = openGuesses({ maxProven: 5 })
  for (let id = 0; id < 20; id++) right('192.0.2.1', String(id))
  expect(guesses.size.proven).toBe(5)
  for (let count = 0; count < 3; count++) wrong()
  expect(right('192.0.2.1', '19')).toBe(0)
  expect(right('192.0.2.1', '1')).toBe(second)
})
