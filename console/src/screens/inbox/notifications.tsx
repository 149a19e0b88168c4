import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Bell, BellRing } from 'lucide-react'
import { useState } from 'react'
import { client } from '../../api/connection.ts'
import { ownSubscription, type PushChoice, turnOffPush, turnOnPush, whyNoPush } from '../../api/push.ts'
import { useStored } from '../../lib/stored.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Checkbox } from '../../ui/form.tsx'
import { ErrorNotice } from '../../ui/notices.tsx'
import { say } from '../../ui/toasts.tsx'

const pushKey = ['push']

/** Turns push notifications of this browser on and off. */
export function Notifications() {
  const [isOpen, setIsOpen] = useState(false)
  const [ownId] = useStored(ownSubscription)
  const Icon = ownId === null ? Bell : BellRing
  return (
    <>
      <Button onClick={() => setIsOpen(true)}>
        <Icon aria-hidden className="size-4" />
        {ownId === null ? 'Notify me' : 'Notifications'}
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={setIsOpen}
        title="Notifications on this device"
        description="They come also while the console is closed, and carry nothing of the conversation."
      >
        <Content />
      </Dialog>
    </>
  )
}

/** The subscription of this browser as the server has it; null: there is none. */
function useOwnSubscription(ownId: string | null) {
  return useQuery({
    queryKey: [...pushKey, ownId],
    queryFn: async ({ signal }) => {
      const { subscriptions } = await client.call(
        'listPushSubscriptions',
        { query: { limit: 200 } },
        { signal },
      )
      return subscriptions.find(({ subscriptionId }) => subscriptionId === ownId) ?? null
    },
  })
}

function Content() {
  const queries = useQueryClient()
  const [ownId, setOwnId] = useStored(ownSubscription)
  const { data: own } = useOwnSubscription(ownId)
  const [changed, setChanged] = useState<PushChoice>()
  const choice = changed ?? own ?? { events: ['request'], includeTitle: false }
  const refresh = () => queries.invalidateQueries({ queryKey: pushKey })
  const turnOn = useMutation({
    mutationFn: () => turnOnPush({ events: choice.events, includeTitle: choice.includeTitle }),
    onSuccess(subscriptionId) {
      setOwnId(subscriptionId)
      say('Notifications are on')
      return refresh()
    },
  })
  const turnOff = useMutation({
    mutationFn: turnOffPush,
    onSuccess() {
      setOwnId(null)
      return refresh()
    },
  })
  const test = useMutation({
    mutationFn: (subscriptionId: string) =>
      client.call('testPushSubscription', { params: { subscriptionId } }),
    onSuccess: ({ failure }) => say(failure?.message ?? 'A test is on its way'),
  })
  const obstacle = whyNoPush()
  if (obstacle !== null) return <p>{obstacle}</p>

  const toggle = (event: PushChoice['events'][number], isWanted: boolean) => {
    const others = choice.events.filter(other => other !== event)
    setChanged({ ...choice, events: isWanted ? [...others, event] : others })
  }
  const isOn = own != null
  const error = turnOn.error ?? turnOff.error ?? test.error
  return (
    <div className="flex flex-col gap-2">
      <Checkbox
        label="When something waits for me"
        checked={choice.events.includes('request')}
        onChange={event => toggle('request', event.target.checked)}
      />
      <Checkbox
        label="When a turn is done"
        checked={choice.events.includes('turn_ended')}
        onChange={event => toggle('turn_ended', event.target.checked)}
      />
      <Checkbox
        label="With the title of the session"
        checked={choice.includeTitle}
        onChange={event => setChanged({ ...choice, includeTitle: event.target.checked })}
      />
      {error != null && <ErrorNotice error={error} />}
      <div className="mt-2 flex flex-wrap justify-end gap-2">
        {isOn && ownId !== null && (
          <>
            <Button variant="danger" busy={turnOff.isPending} onClick={() => turnOff.mutate(ownId)}>
              Turn off
            </Button>
            <Button busy={test.isPending} onClick={() => test.mutate(ownId)}>
              Send a test
            </Button>
          </>
        )}
        <Button
          variant="primary"
          busy={turnOn.isPending}
          disabled={choice.events.length === 0}
          onClick={() => turnOn.mutate()}
        >
          {isOn ? 'Save' : 'Turn on'}
        </Button>
      </div>
    </div>
  )
}
