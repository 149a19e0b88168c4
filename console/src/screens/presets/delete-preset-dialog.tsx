import { useLocation } from 'wouter'
import { useDeletePreset } from '../../api/presets.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNotice } from '../../ui/notices.tsx'
import { say } from '../../ui/toasts.tsx'

interface DeletePresetDialogProps {
  name: string
  onClose: () => void
}

/** Asks before a preset is deleted; afterwards the archive is shown, from where it is gone. */
export function DeletePresetDialog({ name, onClose }: DeletePresetDialogProps) {
  const [, navigate] = useLocation()
  const remove = useDeletePreset(name)
  const onSuccess = () => {
    onClose()
    navigate('/presets?archived=true')
    say(`${name} is deleted`)
  }
  return (
    <Dialog
      open
      onOpenChange={open => !open && onClose()}
      title="Delete this preset?"
      description={name}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="danger"
            busy={remove.isPending}
            onClick={() => remove.mutate(undefined, { onSuccess })}
          >
            Delete preset
          </Button>
        </>
      }
    >
      <p>
        All its versions and their secrets are deleted. This cannot be undone. Sessions that were made of it
        stay as they are.
      </p>
      {remove.isError && <ErrorNotice error={remove.error} className="mt-2" />}
    </Dialog>
  )
}
