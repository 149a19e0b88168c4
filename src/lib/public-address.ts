import { BlockList, isIP } from 'node:net'

/** The special-purpose IPv4 addresses of IANA's registry that are not globally reachable, and multicast. */
const special = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // Azure's metadata service, although its number is in a public range.
  '168.63.129.16/32',
]
/** The non-global parts of 2000::/3: protocol assignments with Teredo, documentation, and 6to4. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

const notPublic = toBlockList(special, 'ipv4')
const global6 = toBlockList(['2000::/3'], 'ipv6')
const notPublic6 = toBlockList(special6, 'ipv6')

/**
 * Returns whether an IP address is on the public Internet. Loopback, private, link-local (metadata services), shared,
 * multicast, reserved, benchmark and documentation addresses are not, nor is a text that is not an IP address. IPv6
 * addresses that embed an IPv4 address (mapped, NAT64) are treated like the IPv4 address; the outdated forms
 * (compatible, 6to4, Teredo) are never public.
 */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/%.*$/s, '')
  if (plain !== address) return false
  const version = isIP(plain)
  if (version === 4) return !notPublic.check(plain, 'ipv4')
  if (version !== 6) return false
  const groups = toGroups(plain)
  const carried = findCarried(groups)
  if (carried !== undefined) return isPublicAddress(carried)
  return global6.check(plain, 'ipv6') && !notPublic6.check(plain, 'ipv6')
}

/** Extracts the IPv4 address from `::ffff:0:0/96` or `64:ff9b::/96`. */
function findCarried(groups: readonly number[]): string | undefined {
  const prefix = groups
    .slice(0, 6)
    .map(group => group.toString(16))
    .join(':')
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0') return undefined
  return groups
    .slice(6)
    .flatMap(group => [group >> 8, group & 0xff])
    .join('.')
}

/** Parses the eight groups of an IPv6 address. */
function toGroups(address: string): number[] {
  const dotted = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = dotted.split('::')
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16))
  const [first, last] = [parse(head), parse(tail ?? '')]
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
}

function toBlockList(subnets: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [network = '', prefix] = subnet.split('/')
    list.addSubnet(network, Number(prefix), family)
  }
  return list
}
