import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { forgetOfferedKey, getOfferedKey, logIn } from '../../api/connection.ts'
import { forgetAnswers, useLogin } from '../../api/login-context.tsx'
import { revealText } from '../../lib/revealed-text.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNotice } from '../../ui/notices.tsx'

/** Asks whether the key of a link may replace the login: any page can lead here with a key of its own. */
export function OfferedLogin() {
  const queries = useQueryClient()
  const { caller } = useLogin()
  const [key, setKey] = useState(getOfferedKey)
  const [error, setError] = useState<unknown>(null)
  if (key === null) return null
  const close = () => {
    forgetOfferedKey()
    setKey(null)
  }
  const replace = () =>
    logIn(key).then(login => {
      forgetAnswers(queries, login)
      close()
    }, setError)
  return (
    <Dialog
      open
      onOpenChange={open => !open && close()}
      title="Log in with another key?"
      description={`The link that you opened has a key. You are logged in as ${revealText(caller.keyId)}. Use the key only if you know who gave you the link: what you do then belongs to its owner.`}
      footer={
        <>
          <Button onClick={close}>Stay logged in</Button>
          <Button variant="danger" onClick={replace}>
            Use the other key
          </Button>
        </>
      }
    >
      {error != null && <ErrorNotice error={error} />}
    </Dialog>
  )
}
