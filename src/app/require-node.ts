// Imported before everything else, so that an older version of Node gets a sentence instead of a failed import.
import { findNodeFault } from '../lib/node-version.ts'

const fault = findNodeFault(process.versions.node)
if (fault !== undefined) throw new Error(`claude-code-http-api: ${fault}`)
