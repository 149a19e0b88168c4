import type { Migration } from '../migration.ts'
import { initial } from './001-initial.ts'
import { transcripts } from './004-transcripts.ts'

/** In the order in which they are applied; a bundler sees each of them. */
export const migrations: readonly Migration[] = [initial, transcripts]
