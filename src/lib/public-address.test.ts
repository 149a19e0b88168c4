import { describe, expect, test } from 'vitest'
import { HostPolicy, parseHostAndPort, toHostAndPort } from './host-policy.ts'
import { isPublicAddress } from './public-address.ts'

describe('public addresses', () => {
  test.each([
    ['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
    ['128.0.0.0', '169.253.255.255', '172.15.255.255', '172.32.0.0', '192.167.255.255', '198.17.255.255'],
    ['198.20.0.0', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001::1', '::ffff:1.1.1.1'],
    ['::ffff:808:808', '64:ff9b::1.1.1.1', '2001:4860:4860::8888'],
  ])('%s and others are public', (...addresses) => {
    for (const address of addresses) expect(isPublicAddress(address), address).toBe(true)
  })

  test.each([
    ['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '127.0.0.1'],
    ['127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1'],
    ['192.88.99.1', '192.168.0.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9'],
    ['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
    ['::', '::1', '::127.0.0.1', '::1.1.1.1', '::ffff:127.0.0.1', '::ffff:a00:1', '::ffff:0:1.1.1.1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', 'fc00::1', 'fd00:ec2::254'],
    ['fe80::1', 'fe80::1%eth0', '2606:4700::1%lo', 'fec0::1', 'ff02::1', '2001::1', '2001:0:4136:e378::1'],
    ['2001:2::1', '2001:10::1', '2001:20::1', '2001:db8::1', '2002:7f00:1::', '2002:101:101::', '3fff::1'],
    ['5f00::1', '4000::1', '', 'localhost', '1.1.1', '1.1.1.1.', '01.1.1.1', '1.1.1.1:80'],
  ])('%s and others are not', (...addresses) => {
    for (const address of addresses) expect(isPublicAddress(address), address).toBe(false)
  })
})

describe('hosts', () => {
  const open = new HostPolicy([])
  test.each([
    ...[
      'http://127.0.0.1/',
      'http://127.1/',
      'http://2130706433/',
      'http://0x7f000001/',
      'http://0177.0.0.1/',
    ],
    ...[
      'http://0/',
      'http://127.0.0.1./',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://localhost/',
    ],
    ...['http://LOCALHOST./', 'http://a.localhost:1/', 'http://%31%32%37.0.0.1/', 'http://①②⑦.0.0.1/'],
    ...['http://169.254.169.254/latest/meta-data/', 'https://[fd00:ec2::254]/', 'http://0xA9FEA9FE/'],
    ...[
      'ssh://git@2130706433/x',
      'ssh://git@0x7f.1/x',
      'git://0177.1/x',
      'git://localhost/x',
      'ssh://[::1]/x',
    ],
  ])('%s is refused by its name', url => {
    const target = toHostAndPort(new URL(url))
    expect(target && open.refusesByName(target)).toBe(true)
  })

  test('others have to be resolved first', () => {
    for (const url of [
      'https://example.com/',
      'ssh://git@example.com/x',
      'https://1.1.1.1/',
      'http://localhost.example/',
    ]) {
      const target = toHostAndPort(new URL(url))
      expect(target && open.refusesByName(target), url).toBe(false)
    }
    expect(toHostAndPort(new URL('http://example.com:0/'))).toBeUndefined()
    expect(toHostAndPort(new URL('file:///etc/passwd'))).toBeUndefined()
  })

  test('the list names a host and a port', () => {
    const policy = new HostPolicy(['localhost:3000', '10.0.0.5:80', '[fd00::1]:443', 'MCP.internal.:8443'])
    const refuses = (url: string) => policy.refusesByName(toHostAndPort(new URL(url)) as never)
    expect(refuses('http://localhost:3000/')).toBe(false)
    expect(refuses('http://127.0.0.1:3000/')).toBe(false)
    expect(refuses('http://127.1:3000/')).toBe(false)
    expect(refuses('http://[::1]:3000/')).toBe(false)
    expect(refuses('http://127.0.0.2:3000/')).toBe(true)
    expect(refuses('http://localhost:3001/')).toBe(true)
    expect(refuses('http://10.0.0.5/')).toBe(false)
    expect(refuses('https://10.0.0.5/')).toBe(true)
    expect(refuses('https://[fd00:0::1]/')).toBe(false)
    expect(policy.lists({ host: 'mcp.internal', port: 8443 })).toBe(true)
    expect(policy.allowsAddress('10.0.0.5', 80)).toBe(true)
    expect(policy.allowsAddress('10.0.0.5', 81)).toBe(false)
    expect(policy.allowsAddress('1.1.1.1', 81)).toBe(true)
  })

  test.each([
    'localhost',
    'http://localhost:1',
    'localhost:',
    'localhost:0',
    'a:70000',
    '*:80',
    'a b:1',
    '::1:80',
    'u@h:1',
    '',
  ])('"%s" is not a host and a port', text => expect(parseHostAndPort(text)).toBeUndefined())
})
