import { type FormEvent, useState } from 'react'
import type { ClaudeCodeClient } from '../../../../../src/client/index.ts'
import { client, clientWithKey } from '../../../api/connection.ts'
import { useLogin } from '../../../api/login-context.tsx'
import { Button } from '../../../ui/button.tsx'
import { Field, Input } from '../../../ui/form.tsx'
import { ErrorNotice } from '../../../ui/notices.tsx'
import { KeyList } from './key-list.tsx'

/**
 * The keys of the server. A login alone cannot administer keys, so that a stolen browser cannot make itself a key:
 * the person types theirs again, and it is forgotten with the tab.
 */
export default function KeysTab() {
  const { login } = useLogin()
  const [admin, setAdmin] = useState<ClaudeCodeClient | null>(login === 'none' ? client : null)
  return (
    <div className="mx-auto max-w-5xl p-4">
      {admin ? <KeyList admin={admin} /> : <Unlock onUnlock={setAdmin} />}
    </div>
  )
}

function Unlock({ onUnlock }: { onUnlock: (admin: ClaudeCodeClient) => void }) {
  const [key, setKey] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    const admin = clientWithKey(key.trim())
    try {
      await admin.call('listKeys', { query: { limit: 1 } })
      onUnlock(admin)
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={submit} className="card mx-auto flex max-w-sm flex-col gap-3 p-4">
      <h2 className="font-semibold">Type your key again</h2>
      <Field label="API key" hint="Keys are administered with a key, not with the login of a browser.">
        {props => (
          <Input
            {...props}
            type="password"
            autoComplete="current-password"
            required
            value={key}
            onChange={event => setKey(event.target.value)}
          />
        )}
      </Field>
      {error != null && <ErrorNotice error={error} />}
      <Button type="submit" variant="primary" busy={busy}>
        Continue
      </Button>
    </form>
  )
}
