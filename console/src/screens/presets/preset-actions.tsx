import { Archive, ArchiveRestore, Ellipsis, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Preset } from '../../../../src/client/index.ts'
import { useArchivePreset, useMayManagePresets } from '../../api/presets.ts'
import { useMayCreate } from '../../shell/places.ts'
import { buttonClasses, IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { say, sayError } from '../../ui/toasts.tsx'
import { DeletePresetDialog } from './delete-preset-dialog.tsx'

/** Uses a preset and, for administrators, changes and archives it; an archived one can be deleted. */
export function PresetActions({ preset: { name, archived } }: { preset: Preset }) {
  const [, navigate] = useLocation()
  const mayManage = useMayManagePresets()
  const mayCreate = useMayCreate()
  const archive = useArchivePreset(name)
  const [isDeleting, setIsDeleting] = useState(false)
  const toggle = () =>
    archive.mutate(!archived, {
      onSuccess: () => say(archived ? `${name} can be used again` : `${name} is archived`),
      onError: sayError,
    })
  return (
    <>
      {mayCreate && !archived && (
        <Link
          href={`/sessions/new?preset=${name}`}
          aria-label={`New session from ${name}`}
          className={buttonClasses()}
        >
          New session
        </Link>
      )}
      {mayManage && (
        <Menu
          trigger={
            <IconButton label={`Actions of the preset ${name}`} busy={archive.isPending}>
              <Ellipsis aria-hidden className="size-4" />
            </IconButton>
          }
        >
          {!archived && (
            <MenuItem icon={<Pencil aria-hidden />} onSelect={() => navigate(`/presets/${name}/new-version`)}>
              New version
            </MenuItem>
          )}
          <MenuItem
            icon={archived ? <ArchiveRestore aria-hidden /> : <Archive aria-hidden />}
            onSelect={toggle}
          >
            {archived ? 'Take out of the archive' : 'Archive'}
          </MenuItem>
          {archived && (
            <MenuItem icon={<Trash2 aria-hidden />} danger onSelect={() => setIsDeleting(true)}>
              Delete
            </MenuItem>
          )}
        </Menu>
      )}
      {isDeleting && <DeletePresetDialog name={name} onClose={() => setIsDeleting(false)} />}
    </>
  )
}
