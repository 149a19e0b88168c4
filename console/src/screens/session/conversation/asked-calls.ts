import { createContext, useContext, useMemo } from 'react'
import type { Conversation } from '../../../../../src/client/index.ts'

/** The tool calls that wait for a person: their request cards show the whole input. */
export const AskedCalls = createContext<ReadonlySet<string>>(new Set())

/** The value of that context, the same as long as the same calls wait. */
export function useAskedCalls({ requests }: Conversation): ReadonlySet<string> {
  const ids = requests.flatMap(({ toolUseId }) => toolUseId ?? []).join(' ')
  return useMemo(() => new Set(ids.split(' ')), [ids])
}

export function useIsAsked(callId: string | null): boolean {
  const calls = useContext(AskedCalls)
  return callId !== null && calls.has(callId)
}
