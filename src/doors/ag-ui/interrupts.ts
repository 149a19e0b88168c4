import type { OpenRequest } from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'
import { type Interrupt, ownKey } from './protocol.ts'

type Json = Record<string, unknown>

const note = { type: 'string', description: 'A note to Claude, such as the reason of a refusal' }
const approved = { type: 'boolean' }

/** Returns a request as the interrupt that ends a run. */
export function toInterrupt(request: OpenRequest, owner: { subagentRunId?: string }): Interrupt {
  const { permissionId: id, toolUseId, expiresAt, kind, toolName, input } = request
  return {
    id,
    ...ask(request),
    ...(toolUseId !== null && { toolCallId: toolUseId }),
    expiresAt,
    ...owner,
    metadata: {
      [ownKey]: { kind, toolName: toShownTool(toolName), input, ...factsOf(request) },
    },
  }
}

/** The reasons are from the protocol's documentation: clients have an interface for them. */
function ask(request: OpenRequest): Pick<Interrupt, 'reason' | 'message' | 'responseSchema'> {
  const { kind, toolName, title, description, questions = [], plan, elicitation } = request
  switch (kind) {
    case 'question':
      return {
        reason: 'input_required',
        message: questions.map(({ question }) => question).join('\n'),
        responseSchema: toAnswersSchema(questions),
      }
    case 'plan':
      return {
        reason: 'tool_call',
        message: plan ?? 'Claude proposes a plan',
        responseSchema: toObject({ approved, permissionMode: { type: 'string' }, message: note }, [
          'approved',
        ]),
      }
    case 'elicitation':
      return elicitation?.mode === 'url'
        ? {
            reason: 'confirmation',
            message: `${elicitation.message}\n${elicitation.url ?? ''}`,
            responseSchema: toObject({ approved }, ['approved']),
          }
        : {
            reason: 'input_required',
            message: elicitation?.message ?? title ?? toolName,
            responseSchema: elicitation?.requestedSchema ?? toObject({}, []),
          }
    default:
      return {
        reason: 'tool_call',
        message: [title ?? `Claude wants to use ${toolName}`, description ?? ''].filter(Boolean).join('\n'),
        responseSchema: toObject(
          {
            approved,
            editedArgs: { type: 'object', description: 'Replaces the arguments of the call' },
            remember: { const: 'session', description: 'Allows the same call for the rest of the thread' },
            message: note,
          },
          ['approved'],
        ),
      }
  }
}

function toAnswersSchema(questions: NonNullable<OpenRequest['questions']>): Json {
  const answers = questions.map(({ question, options, multiSelect }): [string, Json] => {
    // The person's own words are an answer too.
    const one = { type: 'string', examples: options.map(({ label }) => label) }
    return [question, multiSelect ? { type: 'array', items: one, minItems: 1 } : one]
  })
  const required = questions.map(({ question }) => question)
  return toObject({ answers: toObject(Object.fromEntries(answers), required) }, ['answers'])
}

function factsOf({ suggestions, questions, plan, elicitation }: OpenRequest): Json {
  return {
    ...(suggestions.length > 0 && { suggestions }),
    ...(questions && { questions }),
    ...(plan !== undefined && { plan }),
    ...(elicitation && { elicitation }),
  }
}

function toObject(properties: Json, required: string[]): Json {
  return { type: 'object', properties, ...(required.length > 0 && { required }) }
}
