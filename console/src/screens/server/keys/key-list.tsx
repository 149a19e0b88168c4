import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Ellipsis, KeyRound, Plus, RotateCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { ApiKey, ClaudeCodeClient, ShownKey } from '../../../../../src/client/index.ts'
import { revealText } from '../../../lib/revealed-text.ts'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Menu, MenuItem } from '../../../ui/menu.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../../ui/notices.tsx'
import { Age, Badge, CopyButton, Due } from '../../../ui/small-parts.tsx'
import { sayError } from '../../../ui/toasts.tsx'
import { NewKeyDialog } from './new-key-dialog.tsx'

const keysKey = ['keys']

/** The valid keys, with what can be done with each. */
export function KeyList({ admin }: { admin: ClaudeCodeClient }) {
  const queries = useQueryClient()
  const [isMaking, setIsMaking] = useState(false)
  const [shown, setShown] = useState<ShownKey | null>(null)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const keys = useQuery({
    queryKey: keysKey,
    queryFn: async ({ signal }) =>
      (await admin.call('listKeys', { query: { status: 'active', limit: 200 } }, { signal })).keys,
  })
  const refresh = () => queries.invalidateQueries({ queryKey: keysKey })
  const show = (key: ShownKey) => {
    setShown(key)
    return refresh()
  }
  const rotate = useMutation({
    mutationFn: (keyId: string) => admin.call('rotateKey', { params: { keyId }, body: {} }),
    onSuccess: show,
    onError: sayError,
  })
  return (
    <>
      <div className="mb-3 flex justify-end">
        <Button variant="primary" onClick={() => setIsMaking(true)}>
          <Plus aria-hidden className="size-4" />
          New key
        </Button>
      </div>
      {keys.isPending && <SkeletonLines count={4} label="Loading keys" />}
      {keys.isError && <ErrorNotice error={keys.error} onRetry={keys.refetch} />}
      {keys.data?.length === 0 && (
        <EmptyState icon={<KeyRound />} title="No stored keys yet">
          Keys of the configuration are not listed. Give each person and program a key of its own.
        </EmptyState>
      )}
      <ul className="divide-y divide-line">
        {keys.data?.map(key => (
          <KeyRow
            key={key.keyId}
            apiKey={key}
            onRotate={() => rotate.mutate(key.keyId)}
            onRevoke={() => setRevoking(key)}
          />
        ))}
      </ul>
      {isMaking && <NewKeyDialog admin={admin} onMade={show} onClose={() => setIsMaking(false)} />}
      {shown && <ShownDialog shown={shown} onClose={() => setShown(null)} />}
      {revoking && (
        <RevokeDialog
          apiKey={revoking}
          revoke={() => admin.call('revokeKey', { params: { keyId: revoking.keyId } }).then(refresh)}
          onClose={() => setRevoking(null)}
        />
      )}
    </>
  )
}

interface KeyRowProps {
  apiKey: ApiKey
  onRotate: () => void
  onRevoke: () => void
}

function KeyRow({ apiKey, onRotate, onRevoke }: KeyRowProps) {
  const { name, prefix, tenant, scopes, sessionId, expiresAt, lastUsedAt } = apiKey
  return (
    <li className="flex items-center gap-2 py-2">
      <div className="min-w-0 flex-1">
        <div className="flex min-w-0 flex-wrap items-center gap-2">
          <bdi className="truncate font-medium">{revealText(name)}</bdi>
          <span className="font-mono text-xs text-muted">{prefix}…</span>
          <Badge>{tenant}</Badge>
          {sessionId !== null && <Badge>one session</Badge>}
        </div>
        <div className="flex flex-wrap gap-x-3 text-xs text-muted">
          <span>{scopes.join(', ')}</span>
          <span>
            {lastUsedAt === null ? (
              'never used'
            ) : (
              <>
                used <Age of={lastUsedAt} />
              </>
            )}
          </span>
          {expiresAt !== null && (
            <span>
              expires <Due at={expiresAt} />
            </span>
          )}
        </div>
      </div>
      <Menu
        trigger={
          <IconButton label={`Actions of the key ${revealText(name)}`}>
            <Ellipsis aria-hidden className="size-4" />
          </IconButton>
        }
      >
        <MenuItem icon={<RotateCw aria-hidden />} onSelect={onRotate}>
          Rotate
        </MenuItem>
        <MenuItem icon={<Trash2 aria-hidden />} danger onSelect={onRevoke}>
          Revoke
        </MenuItem>
      </Menu>
    </li>
  )
}

function ShownDialog({ shown, onClose }: { shown: ShownKey; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={open => !open && onClose()}
      title={`The key “${revealText(shown.name)}”`}
      description="It is shown only now. Copy it to where it is used."
      footer={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <div className="flex items-center gap-2 rounded-md bg-sunken p-2">
        <code className="min-w-0 flex-1 font-mono text-xs break-all">{shown.key}</code>
        <CopyButton text={shown.key} label="Copy the key" />
      </div>
    </Dialog>
  )
}

interface RevokeDialogProps {
  apiKey: ApiKey
  revoke: () => Promise<unknown>
  onClose: () => void
}

function RevokeDialog({ apiKey, revoke, onClose }: RevokeDialogProps) {
  const revoking = useMutation({ mutationFn: revoke, onSuccess: onClose, onError: sayError })
  return (
    <Dialog
      open
      onOpenChange={open => !open && onClose()}
      title="Revoke this key?"
      description={<bdi>{revealText(apiKey.name)}</bdi>}
      footer={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button variant="danger" busy={revoking.isPending} onClick={() => revoking.mutate()}>
            Revoke key
          </Button>
        </>
      }
    >
      <p>Its requests are refused from now on, and its streams and logins end within a second.</p>
    </Dialog>
  )
}
