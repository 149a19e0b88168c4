import type { PermissionRequest } from '../../../../src/client/index.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { ToolInput } from '../../tools/tool-input.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { HookInput } from './hook-input.tsx'

/** A request for those who may see it, but not answer it. */
export function ReadOnlyRequest({ request }: { request: PermissionRequest }) {
  const { kind, status, elicitation, hook, toolName, input } = request
  return (
    <>
      <ScrollRegion label="Input" className="max-h-[60dvh] p-3">
        {kind === 'elicitation' && (
          <bdi className="block break-words">{revealText(elicitation?.message ?? '')}</bdi>
        )}
        {kind === 'hook' && (
          <>
            <p className="mb-2 text-xs text-muted">
              Claude Code waits for the hook <code>{hook?.event}</code> of a program.
            </p>
            <HookInput request={request} />
          </>
        )}
        {kind !== 'elicitation' && kind !== 'hook' && <ToolInput name={toolName} input={input} />}
      </ScrollRegion>
      <p className="border-t border-line p-3 text-muted">
        {status === 'pending' ? 'Your key may see this, but not answer it.' : `This was ${status}.`}
      </p>
    </>
  )
}
