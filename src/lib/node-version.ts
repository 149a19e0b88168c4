/** Returns what is wrong with the version of Node; undefined: it has all that is used. */
export function findNodeFault(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isEnough = major > 22 || (major === 22 && minor >= 18)
  return isEnough ? undefined : `Node 22.18 or later is required; this is ${version}`
}
