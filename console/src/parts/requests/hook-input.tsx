import type { PermissionRequest } from '../../../../src/client/index.ts'
import { FieldList } from '../../tools/field-list.tsx'
import { ToolInput } from '../../tools/tool-input.tsx'

/** Fields of a hook's input that say nothing about what is decided, or that the card shows elsewhere. */
const elsewhere = ['hook_event_name', 'permission_mode', 'cwd', 'agent_id', 'effort'] as const
const ofTool = ['tool_name', 'tool_use_id', 'tool_input', 'agent_type'] as const

/** An event that a hook decides about: the call and, if it has been made, its result; or what the event is about. */
export function HookInput({ request: { hook, toolName, input } }: { request: PermissionRequest }) {
  if (!hook) return null
  const hasTool = 'tool_name' in hook.input
  return (
    <>
      {hasTool && <ToolInput name={toolName} input={input} />}
      <FieldList fields={hook.input} except={[...elsewhere, ...(hasTool ? ofTool : [])]} />
    </>
  )
}
