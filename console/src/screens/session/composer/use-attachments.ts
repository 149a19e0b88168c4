import { useState } from 'react'
import type { Attachment, Prompt } from '../../../../../src/client/index.ts'
import { client } from '../../../api/connection.ts'
import type { SentFile } from '../../../api/outbox.ts'
import { sayError } from '../../../ui/toasts.tsx'

/** A file of the next prompt; without an attachment it is being uploaded. */
export type Pending = SentFile

let lastKey = 0

export type Attachments = ReturnType<typeof useAttachments>

/** The files of the next prompt, uploaded as soon as they are chosen. */
export function useAttachments(sessionId: string) {
  const [pending, setPending] = useState<readonly Pending[]>([])
  const change = (key: number, attachment: Attachment | null) =>
    setPending(before =>
      attachment
        ? before.map(entry => (entry.key === key ? { ...entry, attachment } : entry))
        : before.filter(entry => entry.key !== key),
    )
  const upload = async (key: number, file: File) => {
    try {
      const input = { params: { sessionId }, query: { name: file.name || 'pasted' }, body: file }
      change(key, await client.call('createAttachment', input))
    } catch (error) {
      change(key, null)
      sayError(error)
    }
  }
  return {
    pending,
    isUploading: pending.some(({ attachment }) => attachment === null),
    add(files: Iterable<File>) {
      for (const file of files) {
        const key = ++lastKey
        setPending(before => [...before, { key, name: file.name || 'Pasted file', attachment: null }])
        upload(key, file)
      }
    },
    remove: (key: number) => change(key, null),
    clear: () => setPending([]),
    restore: (entries: readonly Pending[]) => setPending(before => [...entries, ...before]),
  }
}

/** A prompt of a text and files; the text alone if there are none. */
export function toPrompt(text: string, pending: readonly Pending[]): Prompt {
  const files = pending.flatMap(({ attachment }) => attachment ?? [])
  if (files.length === 0) return text
  const blocks = files.map(({ type, attachmentId, name }) => {
    const source = { type: 'attachment' as const, attachmentId }
    // The name that Claude sees anyway, for those who read the conversation.
    return type === 'image' ? { type, source } : { type, title: name, source }
  })
  return [...blocks, ...(text === '' ? [] : [{ type: 'text' as const, text }])] as Prompt
}
