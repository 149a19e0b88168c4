import { homedir } from 'node:os'
import { join } from 'node:path'
import { ServiceError } from '../../contract/errors.ts'
import type { IgnoredMention } from '../../contract/mentions.ts'
import type { Prompt, PromptBlock } from '../../contract/turns.ts'
import type { WorkspaceFiles, WorkspaceRoots } from '../ports/index.ts'
import { findMentions, type Mention } from './find-mentions.ts'
import { type Content, readMentioned, toTextBlock } from './mentioned-content.ts'

const maxMentions = 50
/** Names that are looked up, whether there is a file or not; the rest stays text. */
const maxLookedFor = 500
/** Of all that one prompt mentions. */
const maxBytes = 12 * 1024 * 1024
const maxNames = 1_000

export interface ResolvedPrompt {
  /** With the contents of what it mentions before its own blocks. */
  prompt: Prompt
  ignored: IgnoredMention[]
}

/**
 * Reads the files that a prompt mentions, inside the session's directories only: through the descriptors of held
 * directories, so that no link that appears meanwhile leads outside. A name that is not there stays text.
 */
export async function resolveMentions(
  prompt: Prompt,
  files: WorkspaceFiles,
  roots: WorkspaceRoots,
): Promise<ResolvedPrompt> {
  const texts =
    typeof prompt === 'string' ? [prompt] : prompt.flatMap(block => (block.type === 'text' ? block.text : []))
  const mentions = texts.flatMap(findMentions)
  const unique = [...new Map(mentions.map(mention => [mention.text, mention])).values()]
  const blocks: PromptBlock[] = []
  const ignored: IgnoredMention[] = []
  let room = maxBytes
  for (const mention of unique.slice(0, maxLookedFor)) {
    const content =
      blocks.length >= maxMentions
        ? ({ reason: 'too_many' } as const)
        : await read(mention, files, roots, room)
    if (content === undefined) continue
    if ('reason' in content) {
      ignored.push({ mention: mention.text, reason: content.reason })
      continue
    }
    blocks.push(content.block)
    room -= content.bytes
  }
  for (const { text } of unique.slice(maxLookedFor, 2 * maxLookedFor)) {
    ignored.push({ mention: text, reason: 'too_many' })
  }
  if (blocks.length === 0) return { prompt, ignored }
  const own: PromptBlock[] = typeof prompt === 'string' ? [{ type: 'text', text: prompt }] : prompt
  // Claude Code looks for a command in the last text.
  return { prompt: [...blocks, ...own], ignored }
}

/** @returns undefined when there is nothing of that name */
async function read(
  mention: Mention,
  files: WorkspaceFiles,
  roots: WorkspaceRoots,
  room: number,
): Promise<Content | undefined> {
  const path = toPath(mention.path)
  try {
    const file = await files.open(roots, path)
    if (room <= 0) {
      await file.close()
      return { reason: 'too_large' }
    }
    return await readMentioned(file, mention, room)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    if (error.code === 'PATH_NOT_ALLOWED') return { reason: 'outside' }
    if (error.code === 'FILE_NOT_FOUND') return undefined
  }
  return listDirectory(path, files, roots)
}

async function listDirectory(path: string, files: WorkspaceFiles, roots: WorkspaceRoots): Promise<Content> {
  try {
    const tree = await files.list(roots, { path, depth: 1, limit: maxNames })
    const names = tree.entries.map(({ name, type }) => (type === 'directory' ? `${name}/` : name))
    const more = tree.nextCursor === null ? [] : ['[There are more.]']
    const text = names.length === 0 ? '[The directory is empty.]' : [...names, ...more].join('\n')
    return { block: toTextBlock(`Directory ${tree.path || '.'}`, text), bytes: Buffer.byteLength(text) }
  } catch (error) {
    if (error instanceof ServiceError) return { reason: 'not_a_file' }
    throw error
  }
}

function toPath(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}
