import type { Preset } from '../../../../src/client/index.ts'

type Configuration = Preset['configuration']

/** Reads a configuration as it is typed; the server says what is wrong with its fields. */
export function readConfiguration(
  text: string,
): { configuration: Configuration; error?: undefined } | { configuration?: undefined; error: string } {
  try {
    const configuration = JSON.parse(text)
    const isObject =
      typeof configuration === 'object' && configuration !== null && !Array.isArray(configuration)
    return isObject ? { configuration } : { error: 'This must be an object: { … }' }
  } catch (error) {
    return { error: `This is not JSON yet: ${error instanceof Error ? error.message : ''}` }
  }
}

export function writeConfiguration(configuration: Configuration): string {
  return JSON.stringify(configuration, null, 2)
}
