import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import type { FileView } from '../../../../../src/client/index.ts'
import { attachmentAddress, attachmentQuery } from '../../../api/attachments.ts'
import { FileBlock } from '../../../tools/file-block.tsx'
import { BlobImage } from '../../../ui/blob-image.tsx'

interface AttachedFileProps {
  sessionId: string
  file: FileView
}

/** A file of a prompt: the image itself, or a document to download. */
export function AttachedFile({ sessionId, file }: AttachedFileProps) {
  const { attachmentId } = file.source
  if (typeof attachmentId !== 'string') return <FileBlock file={file} />
  if (file.kind === 'image') {
    return <AttachedImage sessionId={sessionId} attachmentId={attachmentId} file={file} />
  }
  return (
    <a
      href={attachmentAddress(sessionId, attachmentId)}
      download
      className="target inline-flex max-w-full items-center gap-1.5 hover:underline"
    >
      <FileBlock file={file} />
      <Download aria-hidden className="size-3.5 shrink-0 text-muted" />
      <span className="sr-only">Download</span>
    </a>
  )
}

interface AttachedImageProps extends AttachedFileProps {
  attachmentId: string
}

function AttachedImage({ sessionId, attachmentId, file }: AttachedImageProps) {
  const { data, error } = useQuery(attachmentQuery(sessionId, attachmentId))
  // It may have been removed, with a person's call or with its time.
  if (error) return <FileBlock file={file} />
  // The place is kept, so that the conversation moves little.
  if (!data) return <div role="status" aria-label="Loading the image" className="skeleton h-40 w-60" />
  return (
    <BlobImage
      blob={data}
      alt="Attached image"
      broken={<FileBlock file={file} />}
      className="max-h-96 max-w-full rounded-md border border-line"
    />
  )
}
