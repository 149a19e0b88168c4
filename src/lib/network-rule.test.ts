import { describe, expect, test } from 'vitest'
import { allowsHost, parseNetworkEntry } from './network-rule.ts'

describe('a rule of the network', () => {
  test.each([
    ['none', 'example.com', 443, false],
    ['all', 'example.com', 22, true],
    [['example.com'], 'example.com', 443, true],
    [['example.com'], 'example.com', 80, true],
    [['example.com'], 'example.com', 22, false],
    [['Example.COM.'], 'example.com', 443, true],
    [['example.com'], 'www.example.com', 443, false],
    [['example.com:22'], 'example.com', 22, true],
    [['example.com:22'], 'example.com', 443, false],
    [['*.example.com'], 'a.b.example.com', 443, true],
    [['*.example.com'], 'example.com', 443, false],
    [['*.example.com'], 'badexample.com', 443, false],
    [['*.example.com:8443'], 'a.example.com', 8443, true],
    [['10.1.2.3:80'], '10.1.2.3', 80, true],
    [['[fd00::1]'], 'fd00::1', 443, true],
    [['münchen.example'], 'xn--mnchen-3ya.example', 443, true],
    [['a.example', 'b.example'], 'b.example', 443, true],
  ] as const)('%j for %s:%d is %s', (rule, host, port, allowed) => {
    expect(allowsHost(rule, { host, port })).toBe(allowed)
  })

  test.each([
    '',
    '*',
    '*.',
    'https://a.example',
    'a.example/x',
    'a b',
    'a@b',
    'a.example:0',
    '*.10.1.2.3',
    'a:99999',
  ])('an entry is not %j', text => {
    expect(parseNetworkEntry(text)).toBeUndefined()
    expect(allowsHost([text], { host: 'a.example', port: 443 })).toBe(false)
  })
})
