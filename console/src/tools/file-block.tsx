import { FileText, Image } from 'lucide-react'
import type { FileView } from '../../../src/client/index.ts'
import { revealText } from '../lib/revealed-text.ts'

const imageTypes = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
const base64 = /^[A-Za-z0-9+/=\s]+$/

/** @returns an address that shows the image without asking anyone; null: its data is not here */
export function imageData({ source }: FileView): string | null {
  const { type, data, media_type: mediaType } = source
  if (type !== 'base64' || typeof data !== 'string' || typeof mediaType !== 'string') return null
  return imageTypes.has(mediaType) && base64.test(data.slice(0, 1_000))
    ? `data:${mediaType};base64,${data}`
    : null
}

/** An image, or the name of a document. */
export function FileBlock({ file }: { file: FileView }) {
  const data = imageData(file)
  const title = revealText(file.title ?? (file.kind === 'image' ? 'Image' : 'Document'))
  if (data !== null) {
    return <img src={data} alt={title} className="max-h-96 max-w-full rounded-md border border-line" />
  }
  const Icon = file.kind === 'image' ? Image : FileText
  return (
    <span className="inline-flex max-w-full items-center gap-1.5 rounded-md border border-line px-2 py-1">
      <Icon aria-hidden className="size-4 shrink-0" />
      <bdi className="truncate">{title}</bdi>
    </span>
  )
}
