import { useState } from 'react'
import type { PermissionMode } from '../../../../src/client/index.ts'
import { OutputBlock } from '../../code/output-block.tsx'
import { deciding, useShortcut } from '../../lib/shortcuts.ts'
import { Markdown } from '../../markdown/markdown.tsx'
import { Button } from '../../ui/button.tsx'
import { Fold } from '../../ui/fold.tsx'
import { Field } from '../../ui/form.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { ModeSelect } from '../setting-selects.tsx'
import { DenyForm } from './deny-form.tsx'
import type { RequestBodyProps } from './use-answer.ts'

/** A plan to approve, with the mode to continue in, or to send back with a word. */
export default function PlanRequest({ request, answer, active }: RequestBodyProps) {
  const [permissionMode, setMode] = useState<PermissionMode>('default')
  const [isDenying, setIsDenying] = useState(false)
  const approve = () => answer.mutate({ decision: 'allow', permissionMode })
  const keys = active && !isDenying && !answer.isPending
  useShortcut('a', 'Approve the plan', deciding, approve, keys)
  useShortcut('d', 'Send the plan back', deciding, () => setIsDenying(true), keys)
  return (
    <>
      <ScrollRegion label="Plan" className="max-h-[60dvh] p-3">
        <Markdown text={request.plan ?? ''} />
        {/* Markdown leaves out comments, titles of links and notes that nothing refers to. */}
        <Fold
          name={null}
          title={<span className="text-xs text-muted">As it was written</span>}
          className="mt-2"
        >
          <OutputBlock text={request.plan ?? ''} name="Plan as it was written" />
        </Fold>
      </ScrollRegion>
      {isDenying ? (
        <DenyForm answer={answer} label="Send back" onCancel={() => setIsDenying(false)} />
      ) : (
        <div className="flex flex-wrap items-end gap-2 border-t border-line p-3">
          <Field label="Then continue with" className="min-w-40 flex-1 max-sm:basis-full sm:max-w-64">
            {props => (
              <ModeSelect {...props} value={permissionMode} onChange={mode => mode && setMode(mode)} />
            )}
          </Field>
          <span className="hidden flex-1 sm:block" />
          <Button variant="danger" onClick={() => setIsDenying(true)} className="max-sm:grow">
            Send back
          </Button>
          <Button variant="primary" busy={answer.isPending} onClick={approve} className="max-sm:grow">
            Approve plan
          </Button>
        </div>
      )}
    </>
  )
}
