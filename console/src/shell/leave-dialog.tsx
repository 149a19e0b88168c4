import { useLeaving } from '../lib/unsaved.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'

/** Asks before unsaved changes are lost. */
export function LeaveDialog() {
  const leaving = useLeaving()
  if (!leaving) return null
  const { stay, leave } = leaving
  return (
    <Dialog
      open
      onOpenChange={open => !open && stay()}
      title="Discard your changes?"
      description="What you have written is not saved yet."
      footer={
        <>
          <Button onClick={stay}>Keep editing</Button>
          <Button variant="danger" onClick={leave}>
            Discard changes
          </Button>
        </>
      }
    />
  )
}
