import type { McpServer } from '@modelcontextprotocol/server'
import { readCallState } from './call-state.ts'
import { addFileTools } from './file-tools.ts'
import { addHistoryTools } from './history-tools.ts'
import { ClearServer } from './parameter-errors.ts'
import { addRequestTools } from './request-tools.ts'
import { addResources } from './resources.ts'
import { addSessionTools } from './session-tools.ts'
import type { Surroundings } from './surroundings.ts'
import { addTurnTools } from './turn-tools.ts'

const instructions = `Runs Claude Code on a server. start_session makes a session, prompt sends work to it and returns the answer.
If a result has status "requires_action", Claude waits: answer each of openRequests with answer_request, then call wait_for_turn.
For long work, call prompt with waitSeconds, then wait_for_turn until the status is final.`

/** A server for one connection, or for one request where requests stand alone. */
export function createServer(surroundings: Surroundings): McpServer {
  const server = new ClearServer(
    // The version is that of the tools, not of the package.
    { name: 'claude-code-api', title: 'Claude Code', version: '1.0.0' },
    {
      instructions,
      capabilities: { tools: { listChanged: false }, resources: { listChanged: false } },
      requestState: { verify: readCallState },
    },
  )
  addSessionTools(server, surroundings)
  addTurnTools(server, surroundings)
  addRequestTools(server, surroundings)
  addHistoryTools(server, surroundings)
  addFileTools(server, surroundings)
  addResources(server, surroundings)
  return server
}
