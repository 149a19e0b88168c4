import { isApiError, type Session } from '../../client/index.ts'
import { deriveId } from '../../lib/derived-id.ts'
import type { CommonRequest, Context } from './common-request.ts'
import { createSession, type Found } from './find-session.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The session of the conversation that the client names. */
export async function findNamed(context: Context, request: CommonRequest, name: string): Promise<Found> {
  if (uuid.test(name)) {
    const id = name.toLowerCase()
    const stored = await context.client.session(id).find({ signal: context.signal })
    return await take(context, request, id, stored)
  }
  const { id, stored } = await findGeneration(context, name)
  return await take(context, request, id, stored)
}

interface Generation {
  id: string
  /** Undefined: there is no such session yet. */
  stored: Session | undefined
}

/**
 * Each session that had the name and has ended is a generation of it. Returns the first that has not: there are none
 * after it, so it is found without a look at each one before.
 */
async function findGeneration({ client, caller, signal }: Context, name: string): Promise<Generation> {
  const look = async (generation: number): Promise<Generation> => {
    const suffix = generation > 0 ? [String(generation)] : []
    const id = deriveId('openai', caller.tenantId, caller.keyId, name, ...suffix)
    return { id, stored: await client.session(id).find({ signal }) }
  }
  let newest = await look(0)
  let ended = -1
  let other = 0
  while (hasEnded(newest)) {
    ended = other
    other = other === 0 ? 1 : other * 2
    newest = await look(other)
  }
  while (other - ended > 1) {
    const middle = Math.floor((ended + other) / 2)
    const found = await look(middle)
    if (hasEnded(found)) {
      ended = middle
    } else {
      other = middle
      newest = found
    }
  }
  return newest
}

function hasEnded({ stored }: Generation): boolean {
  return stored !== undefined && stored.status !== 'active'
}

async function take(
  context: Context,
  request: CommonRequest,
  id: string,
  stored: Session | undefined,
): Promise<Found> {
  const session = context.client.session(id)
  if (stored) return { session, stored, knowsHistory: true }
  try {
    return { session: await createSession(context, request, id), knowsHistory: false }
  } catch (error) {
    // Another request was faster; or it is of another tenant, and is not found.
    if (!isApiError(error, 'SESSION_ID_TAKEN')) throw error
    return { session, stored: await session.get({ signal: context.signal }), knowsHistory: true }
  }
}
