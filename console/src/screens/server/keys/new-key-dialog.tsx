import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import type { ClaudeCodeClient, CreateKeyRequest, ShownKey } from '../../../../../src/client/index.ts'
import { useLogin } from '../../../api/login-context.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Checkbox, Field, Input } from '../../../ui/form.tsx'
import { ErrorNotice } from '../../../ui/notices.tsx'

type Scope = CreateKeyRequest['scopes'][number]

/** The scopes in the words of people, in the order of the list. */
const scopeNames: Record<Scope, string> = {
  'sessions:read': 'Read sessions',
  'sessions:write': 'Create sessions and send prompts',
  'permissions:answer': 'Answer permission requests',
  'workspace:read': 'Read files',
  'workspace:write': 'Write files',
  'usage:read': 'Read usage and costs',
  admin: 'Administer keys, webhooks and the audit log',
}

interface NewKeyDialogProps {
  admin: ClaudeCodeClient
  onMade: (key: ShownKey) => void
  onClose: () => void
}

export function NewKeyDialog({ admin, onMade, onClose }: NewKeyDialogProps) {
  const { caller } = useLogin()
  const form = useId()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<Scope[]>(['sessions:read', 'permissions:answer'])
  const [tenant, setTenant] = useState('')
  const [expires, setExpires] = useState('')
  const make = useMutation({
    mutationFn: () =>
      admin.call('createKey', {
        body: {
          name: name.trim(),
          scopes,
          tenant: tenant.trim() || undefined,
          expiresAt: expires === '' ? undefined : new Date(expires).toISOString(),
        },
      }),
    onSuccess(key) {
      onClose()
      onMade(key)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    make.mutate()
  }
  return (
    <Dialog
      open
      onOpenChange={open => !open && onClose()}
      title="New key"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={form}
            variant="primary"
            busy={make.isPending}
            disabled={scopes.length === 0}
          >
            Make key
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3">
        <Field label="Name" hint="Who or what it is for">
          {props => (
            <Input
              {...props}
              required
              maxLength={200}
              value={name}
              onChange={event => setName(event.target.value)}
            />
          )}
        </Field>
        <fieldset>
          <legend className="text-xs font-medium text-muted">It may</legend>
          {Object.entries(scopeNames).map(([scope, label]) => (
            <Checkbox
              key={scope}
              label={label}
              checked={scopes.includes(scope as Scope)}
              onChange={({ target }) =>
                setScopes(before =>
                  target.checked ? [...before, scope as Scope] : before.filter(other => other !== scope),
                )
              }
            />
          ))}
        </fieldset>
        {caller.administersServer && (
          <Field label="Tenant" hint="Empty: default">
            {props => <Input {...props} value={tenant} onChange={event => setTenant(event.target.value)} />}
          </Field>
        )}
        <Field label="Expires" hint="Empty: never, or with your key">
          {props => (
            <Input
              {...props}
              type="datetime-local"
              value={expires}
              onChange={event => setExpires(event.target.value)}
            />
          )}
        </Field>
        {make.isError && <ErrorNotice error={make.error} />}
      </form>
    </Dialog>
  )
}
