import type { TurnView } from '../../../../../src/client/index.ts'
import { countOf } from '../../../lib/format.ts'
import { revealText } from '../../../lib/revealed-text.ts'

type Mentions = TurnView['ignoredMentions']

const reasons: Record<Mentions[number]['reason'], string> = {
  outside: "it is outside the session's directories",
  not_a_file: 'it is neither a file nor a directory',
  too_large: 'it is too large',
  too_many: 'the prompt mentions too many files',
}
/** How many are named. */
const mostNamed = 10

/** The files that a prompt mentions and that were not read for Claude. */
export function IgnoredMentions({ mentions }: { mentions: Mentions }) {
  if (mentions.length === 0) return null
  return (
    <ul aria-label="Mentions that were not read" className="text-xs text-muted">
      {mentions.slice(0, mostNamed).map(({ mention, reason }) => (
        <li key={mention} className="wrap-anywhere">
          Not read: <code className="font-mono">@{revealText(mention)}</code>, because {reasons[reason]}.
        </li>
      ))}
      {mentions.length > mostNamed && (
        <li>Not read either: {countOf(mentions.length - mostNamed, 'other')}.</li>
      )}
    </ul>
  )
}
