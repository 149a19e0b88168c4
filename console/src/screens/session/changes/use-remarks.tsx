import { useState } from 'react'
import type { LineRef, Remarks } from '../../../diff/remarks.ts'
import { CommentCard, CommentEditor } from './comment-editor.tsx'
import { type Comments, isAt, type Place } from './comments.ts'

/** Lets people comment on the lines of the files below. */
export function useRemarks(given: Comments | undefined): ((path: string) => Remarks) | undefined {
  const [edited, setEdited] = useState<Place | null>(null)
  if (!given) return undefined
  const { comments, write, remove } = given
  const close = (place: Place) => {
    setEdited(null)
    const written = comments.find(comment => isAt(comment, place))
    if (written?.comment.trim() === '') remove(place)
  }
  const removeAt = (place: Place) => {
    setEdited(null)
    remove(place)
  }
  return path => ({
    onPick: (line: LineRef) => {
      const place = { ...line, path }
      if (edited) close(edited)
      setEdited(place)
      if (!comments.some(comment => isAt(comment, place))) write(place, '')
    },
    below: (line: LineRef) => {
      const place = { ...line, path }
      const found = comments.find(comment => isAt(comment, place))
      if (!found) return null
      const label = `${line.side === 'old' ? 'removed ' : ''}line ${line.line}`
      return edited && isAt(edited, place) ? (
        <CommentEditor
          label={`Comment on ${label}`}
          value={found.comment}
          onChange={comment => write(place, comment)}
          onDone={() => close(place)}
          onRemove={() => removeAt(place)}
        />
      ) : (
        <CommentCard
          label={label}
          comment={found.comment}
          onEdit={() => setEdited(place)}
          onRemove={() => remove(place)}
        />
      )
    },
  })
}
