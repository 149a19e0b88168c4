import { BarChart3, Inbox, MessagesSquare, Server, SlidersHorizontal } from 'lucide-react'
import { useBoundSession, useMay } from '../api/login-context.tsx'

/** The parts of the console that are of use to the person: what their key may see. */
export function usePlaces() {
  const bound = useBoundSession()
  const mayRead = useMay('sessions:read')
  const seesRequests = useMay('permissions:answer', 'sessions:read')
  const seesPresets = useMay('sessions:read', 'sessions:write', 'admin') && bound === null
  const seesUsage = useMay('usage:read') && bound === null
  const sessions =
    bound === null
      ? { path: '/sessions', label: 'Sessions', icon: MessagesSquare }
      : { path: `/sessions/${bound}`, label: 'Session', icon: MessagesSquare }
  return [
    ...(seesRequests ? [{ path: '/inbox', label: 'Inbox', icon: Inbox }] : []),
    ...(mayRead ? [sessions] : []),
    ...(seesPresets ? [{ path: '/presets', label: 'Presets', icon: SlidersHorizontal }] : []),
    ...(seesUsage ? [{ path: '/usage', label: 'Usage', icon: BarChart3 }] : []),
    { path: '/server', label: 'Server', icon: Server },
  ]
}

export type Place = ReturnType<typeof usePlaces>[number]

/** Where the console opens: at the sessions, if they can be seen. */
export function useHome(): string {
  const places = usePlaces()
  const home = places.find(({ path }) => path.startsWith('/sessions')) ?? places[0]
  return home?.path ?? '/server'
}

/** Whether the person can make sessions. */
export function useMayCreate(): boolean {
  const mayWrite = useMay('sessions:write')
  return useBoundSession() === null && mayWrite
}
