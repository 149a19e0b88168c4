import { FileText, Image, X } from 'lucide-react'
import { formatBytes } from '../../../lib/format.ts'
import { revealText } from '../../../lib/revealed-text.ts'
import { IconButton } from '../../../ui/button.tsx'
import type { Pending } from './use-attachments.ts'

/** The files of the next prompt. */
export function AttachmentList({
  pending,
  onRemove,
}: {
  pending: readonly Pending[]
  onRemove: (key: number) => void
}) {
  if (pending.length === 0) return null
  return (
    <ul aria-label="Attached files" className="flex flex-wrap gap-1.5 px-2 pt-2">
      {pending.map(({ key, name, attachment }) => {
        const Icon = attachment?.type === 'image' ? Image : FileText
        return (
          <li
            key={key}
            className="flex max-w-full items-center gap-1.5 rounded-md border border-line bg-surface pl-2 text-xs"
          >
            <Icon aria-hidden className="size-3.5 shrink-0" />
            <bdi className="truncate">{revealText(name)}</bdi>
            <span className="shrink-0 text-muted">
              {attachment ? formatBytes(attachment.sizeBytes) : 'uploading'}
            </span>
            <IconButton label={`Remove ${name}`} size="small" onClick={() => onRemove(key)}>
              <X aria-hidden className="size-3.5" />
            </IconButton>
          </li>
        )
      })}
    </ul>
  )
}
