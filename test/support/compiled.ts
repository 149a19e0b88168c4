import { join } from 'node:path'

/**
 * Has Node.js keep what it compiles (environment variable of `node:module`), so that the many programs that tests start
 * need half of the time for it.
 */
export const compiled = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/compiled'),
}
