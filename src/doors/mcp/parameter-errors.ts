import {
  isJSONRPCErrorResponse,
  type JSONRPCMessage,
  McpServer,
  ProtocolErrorCode,
  type Transport,
} from '@modelcontextprotocol/server'
import { z } from 'zod'

const issueList = z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() }))

/** A server whose errors name the parameters that are wrong; the SDK writes its validator's list of issues, as JSON. */
export class ClearServer extends McpServer {
  override connect(transport: Transport): Promise<void> {
    const send = transport.send.bind(transport)
    transport.send = (message, options) => send(toClearError(message), options)
    return super.connect(transport)
  }
}

/** The error with names of fields, if it is about parameters; else the message as it is. */
export function toClearError(message: JSONRPCMessage): JSONRPCMessage {
  const issues = isJSONRPCErrorResponse(message) && readIssues(message.error.message)
  if (!issues || !('error' in message)) return message
  const text = issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; ')
  return { ...message, error: { ...message.error, code: ProtocolErrorCode.InvalidParams, message: text } }
}

function readIssues(text: string): z.infer<typeof issueList> | undefined {
  const [list] = /\[\s*\{.*\]$/s.exec(text) ?? []
  if (list === undefined) return undefined
  try {
    return issueList.safeParse(JSON.parse(list)).data
  } catch {
    return undefined
  }
}
