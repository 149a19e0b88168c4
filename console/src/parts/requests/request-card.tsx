import { lazy, Suspense } from 'react'
import { Link } from 'wouter'
import type { PermissionKind, PermissionRequest } from '../../../../src/client/index.ts'
import { useMay } from '../../api/login-context.tsx'
import { CodeBlock } from '../../code/code-block.tsx'
import { cx } from '../../lib/class-names.ts'
import { describeTool } from '../../tools/describe-call.ts'
import { Contained } from '../../ui/contained.tsx'
import { ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Age, Badge } from '../../ui/small-parts.tsx'
import { QuestionRequest } from './question-request.tsx'
import { ReadOnlyRequest } from './read-only-request.tsx'
import { ToolRequest } from './tool-request.tsx'
import { useAnswer } from './use-answer.ts'

const PlanRequest = lazy(() => import('./plan-request.tsx'))
const ClientToolRequest = lazy(() => import('./client-tool-request.tsx'))
const HookRequestBody = lazy(() => import('./hook-request.tsx'))
const FormRequest = lazy(() => import('./form-request.tsx'))

const kinds: Record<PermissionKind, string> = {
  tool: 'Permission',
  question: 'Question',
  plan: 'Plan',
  elicitation: 'Form',
  client_tool: 'Tool of a program',
  hook: 'Hook of a program',
}
const bodies = {
  tool: ToolRequest,
  question: QuestionRequest,
  plan: PlanRequest,
  elicitation: FormRequest,
  client_tool: ClientToolRequest,
  hook: HookRequestBody,
}

interface RequestCardProps {
  request: PermissionRequest
  /** The title of its session; absent: the card stands in its session. */
  sessionTitle?: string
  active?: boolean
  /** Whether the keys `a`, `s`, `e` and `d` answer it. Default: if it is active. */
  keys?: boolean
  /** Is told when a person has turned to the card. */
  onActivate?: () => void
}

/** In place of a request that the page cannot draw. */
function Unreadable({ input }: { input: unknown }) {
  return (
    <div className="flex flex-col gap-2 p-3">
      <p className="text-bad">The page cannot show this request. Answer it over the API, or stop the turn.</p>
      <CodeBlock code={JSON.stringify(input, null, 2) ?? ''} language="json" name="Input" />
    </div>
  )
}

/** Something that waits for a person, with everything that is needed to decide. */
export function RequestCard({
  request,
  sessionTitle,
  active = false,
  keys = active,
  onActivate,
}: RequestCardProps) {
  const answer = useAnswer(request)
  const mayAnswer = useMay('permissions:answer')
  const Body = bodies[request.kind]
  const isPending = request.status === 'pending'
  const tool = describeTool(request.toolName)
  return (
    <article
      aria-label={tool === kinds[request.kind] ? tool : `${kinds[request.kind]}: ${tool}`}
      aria-current={active || undefined}
      onFocus={onActivate}
      onPointerDown={onActivate}
      className={cx('card overflow-hidden', active && 'border-accent ring-1 ring-accent')}
    >
      <header className="flex min-w-0 items-center gap-2 border-b border-line px-3 py-2 text-xs">
        <h2
          className={cx(
            'flex items-center gap-2 font-medium',
            sessionTitle === undefined ? 'min-w-0' : 'max-w-1/2 shrink-0',
          )}
        >
          <Badge tone={isPending ? 'warn' : 'neutral'}>{kinds[request.kind]}</Badge>
          {tool !== kinds[request.kind] && <bdi className="truncate">{tool}</bdi>}
        </h2>
        {sessionTitle !== undefined && (
          <Link
            href={`/sessions/${request.sessionId}`}
            className="min-w-0 truncate text-accent-strong underline"
          >
            <bdi>{sessionTitle}</bdi>
          </Link>
        )}
        {request.agentId !== null && <Badge>subagent</Badge>}
        <Age of={request.requestedAt} className="ml-auto text-muted" />
      </header>
      <Contained fallback={<Unreadable input={request.input} />}>
        <Suspense fallback={<SkeletonLines count={3} />}>
          {mayAnswer && isPending ? (
            <Body request={request} answer={answer} active={keys} />
          ) : (
            <ReadOnlyRequest request={request} />
          )}
        </Suspense>
      </Contained>
      {answer.isError && <ErrorNotice error={answer.error} className="m-3 mt-0" />}
    </article>
  )
}
