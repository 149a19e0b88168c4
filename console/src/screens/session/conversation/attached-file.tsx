import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import type { FileView } from '../../../../../src/client/index.ts'
import { attachmentQuery } from '../../../api/attachments.ts'
import { saveFile } from '../../../lib/save-file.ts'
import { FileBlock } from '../../../tools/file-block.tsx'
import { BlobImage } from '../../../ui/blob-image.tsx'
import { sayError } from '../../../ui/toasts.tsx'

interface AttachedFileProps {
  sessionId: string
  file: FileView
}

/** A file of a prompt: the image itself, or a document to download. */
export function AttachedFile({ sessionId, file }: AttachedFileProps) {
  const { attachmentId } = file.source
  if (typeof attachmentId !== 'string') return <FileBlock file={file} />
  const Attached = file.kind === 'image' ? AttachedImage : AttachedDocument
  return <Attached sessionId={sessionId} attachmentId={attachmentId} file={file} />
}

interface AttachedProps extends AttachedFileProps {
  attachmentId: string
}

function AttachedDocument({ sessionId, attachmentId, file }: AttachedProps) {
  const queries = useQueryClient()
  const download = useMutation({
    mutationFn: () => queries.fetchQuery(attachmentQuery(sessionId, attachmentId)),
    onSuccess: content => saveFile(file.title ?? 'document', content),
    onError: sayError,
  })
  return (
    <button
      type="button"
      disabled={download.isPending}
      onClick={() => download.mutate()}
      className="target inline-flex max-w-full items-center gap-1.5 hover:underline"
    >
      <span className="sr-only">Download</span>
      <FileBlock file={file} />
      <Download aria-hidden className="size-3.5 shrink-0 text-muted" />
    </button>
  )
}

function AttachedImage({ sessionId, attachmentId, file }: AttachedProps) {
  const { data, error } = useQuery(attachmentQuery(sessionId, attachmentId))
  // It may have been removed, and a fork has none of its original's attachments.
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
