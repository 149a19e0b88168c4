import { type FormEvent, useState } from 'react'
import { logIn } from '../../api/connection.ts'
import type { LoginForm } from '../../api/login-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/form.tsx'
import { ErrorNotice } from '../../ui/notices.tsx'

/** Asks for an API key and exchanges it for a login of this browser. */
export function LoginScreen({ cause, hasEnded, onLogin }: LoginForm) {
  const [key, setKey] = useState('')
  const [error, setError] = useState<unknown>(cause)
  const [busy, setBusy] = useState(false)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    try {
      onLogin(await logIn(key.trim()))
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }

  return (
    <main className="grid h-full place-items-center overflow-y-auto p-4">
      <form onSubmit={submit} className="card flex w-full max-w-sm flex-col gap-4 p-6">
        <div>
          <h1 className="text-lg font-semibold">Claude Code console</h1>
          <p className="text-muted">Log in with an API key of this server.</p>
        </div>
        {hasEnded && (
          <p role="status" className="rounded-md bg-warn-soft p-3 text-warn">
            Your login has ended, as it does with its key. Log in to continue where you were.
          </p>
        )}
        <Field label="API key" hint="It is exchanged for a cookie of this browser and not kept.">
          {props => (
            <Input
              {...props}
              type="password"
              autoComplete="current-password"
              spellCheck={false}
              required
              autoFocus
              value={key}
              onChange={event => setKey(event.target.value)}
            />
          )}
        </Field>
        {error != null && <ErrorNotice error={error} />}
        <Button type="submit" variant="primary" size="large" busy={busy} disabled={key.trim() === ''}>
          Log in
        </Button>
      </form>
    </main>
  )
}
