import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../../../../../src/client/index.ts'
import { type FileContent, fileBlobQuery, fileContentQuery } from '../../../api/file-content.ts'
import { formatBytes } from '../../../lib/format.ts'
import { revealName } from '../../../lib/revealed-name.ts'
import { BlobImage } from '../../../ui/blob-image.tsx'
import { Button } from '../../../ui/button.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../../ui/notices.tsx'
import { CodeView } from './code-view.tsx'
import { DirectoryView } from './directory-view.tsx'
import { FileEditor } from './file-editor.tsx'
import { FileHeader } from './file-header.tsx'
import { lineBreakOf, textOf } from './text-of.ts'

interface FileViewProps {
  sessionId: string
  path: string
  mayWrite: boolean
  onOpen: (path: string | null) => void
}

/** How many bytes of a file are loaded at first, and at most. */
const firstBytes = 512 * 1024
const mostBytes = 8 * 1024 * 1024
/** Larger files are not edited in the page. */
const mostEdited = 512 * 1024
const mostImageBytes = 32 * 1024 * 1024

/** One file: its text, its image, or a way to download it. */
export function FileView({ sessionId, path, mayWrite, onOpen }: FileViewProps) {
  const [limit, setLimit] = useState(firstBytes)
  /** The version that is edited; null: none. */
  const [edited, setEdited] = useState<{ text: string; etag: string } | null>(null)
  const { data, error, isPending, isFetching, refetch } = useQuery(fileContentQuery(sessionId, path, limit))
  if (error && !data) {
    const isDirectory = error instanceof ApiError && error.status === 400
    if (isDirectory) return <DirectoryView sessionId={sessionId} path={path} onOpen={onOpen} />
    return (
      <>
        <FileHeader sessionId={sessionId} path={path} onClose={() => onOpen(null)} />
        <ErrorNotice error={error} onRetry={() => refetch()} className="m-3" />
      </>
    )
  }
  if (isPending || !data) {
    return (
      <>
        <FileHeader sessionId={sessionId} path={path} onClose={() => onOpen(null)} />
        <SkeletonLines count={8} label="Loading the file" />
      </>
    )
  }
  const isCut = data.bytes.length < data.sizeBytes
  const text = textOf(data.bytes, isCut)
  const canEdit =
    mayWrite && !isCut && text !== null && data.sizeBytes <= mostEdited && lineBreakOf(text) !== null
  return (
    <>
      <FileHeader
        sessionId={sessionId}
        path={path}
        content={data}
        mayDelete={mayWrite && edited === null}
        onClose={() => onOpen(null)}
        onEdit={canEdit && edited === null ? () => setEdited({ text, etag: data.etag }) : undefined}
      />
      {edited ? (
        <FileEditor sessionId={sessionId} path={path} {...edited} onDone={() => setEdited(null)} />
      ) : (
        <ScrollingContent label={`Content of ${revealName(path)}`}>
          <Content sessionId={sessionId} path={path} content={data} text={text} />
          {text !== null && isCut && (
            <div className="flex flex-wrap items-center gap-2 border-t border-line p-3 text-xs text-muted">
              The first {formatBytes(data.bytes.length)} of {formatBytes(data.sizeBytes)}.
              {limit < mostBytes ? (
                <Button size="small" busy={isFetching} onClick={() => setLimit(mostBytes)}>
                  Show {data.sizeBytes <= mostBytes ? 'the rest' : formatBytes(mostBytes)}
                </Button>
              ) : (
                'Download the file to see the rest.'
              )}
            </div>
          )}
        </ScrollingContent>
      )}
    </>
  )
}

function ScrollingContent({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: What scrolls has to be reachable by keyboard.
    <section tabIndex={0} aria-label={label} className="relative min-h-0 flex-1 overflow-y-auto">
      {children}
    </section>
  )
}

interface ContentProps {
  sessionId: string
  path: string
  content: FileContent
  text: string | null
}

function Content({ sessionId, path, content, text }: ContentProps) {
  const { sizeBytes, mediaType } = content
  const isImage = mediaType.startsWith('image/') && sizeBytes <= mostImageBytes
  if (isImage) {
    return (
      <>
        <Picture sessionId={sessionId} path={path} etag={content.etag} />
        {text !== null && <CodeView text={text} path={path} />}
      </>
    )
  }
  if (sizeBytes === 0) return <EmptyState title="The file is empty" />
  if (text === null) {
    return <EmptyState title="This file is not text">Download it to open it with another program.</EmptyState>
  }
  return <CodeView text={text} path={path} />
}

/** An image of the session. */
function Picture({ sessionId, path, etag }: { sessionId: string; path: string; etag: string }) {
  const { data, error } = useQuery(fileBlobQuery(sessionId, path, etag))
  if (error) return <ErrorNotice error={error} className="m-3" />
  if (!data) return <SkeletonLines count={4} label="Loading the image" />
  return (
    <div className="grid place-items-center bg-sunken p-4">
      <BlobImage
        blob={data}
        alt={revealName(path.slice(path.lastIndexOf('/') + 1))}
        broken={<EmptyState title="The image cannot be shown">It may not be what its name says.</EmptyState>}
        className="max-h-[70dvh] max-w-full border border-line bg-white"
      />
    </div>
  )
}
