import { redacted } from '../mcp-servers.ts'
import type { SessionSettings } from '../session-settings.ts'

/** All settings of a session; secrets as they are shown, or as they are sent. */
export function everySetting(secret: string = redacted): SessionSettings {
  return {
    permissionPrompts: 'ask',
    permissionTimeoutMs: 3_600_000,
    systemPrompt: {
      type: 'preset',
      preset: 'claude_code',
      append: 'This project uses pnpm.',
      excludeDynamicSections: true,
    },
    tools: ['Bash', 'Edit', 'Read'],
    allowedTools: ['Read', 'Bash(pnpm test *)'],
    disallowedTools: ['WebFetch', 'mcp__tracker__delete_issue'],
    additionalDirectories: ['/srv/projects/shop-assets'],
    mcpServers: {
      tracker: {
        type: 'http',
        url: 'https://tracker.example/mcp',
        headers: { Authorization: secret },
        timeout: 30_000,
        alwaysLoad: true,
      },
      events: {
        type: 'sse',
        url: 'https://events.example/sse',
        headers: { Authorization: secret },
        timeout: 30_000,
        alwaysLoad: false,
      },
      database: {
        type: 'stdio',
        command: 'node',
        args: ['/opt/mcp/database.js'],
        env: { DATABASE_URL: secret },
        timeout: 60_000,
        alwaysLoad: false,
      },
    },
    clientTools: [
      {
        name: 'open_ticket',
        description: 'Opens a ticket in the tracker of the shop',
        inputSchema: { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] },
        readOnly: false,
      },
    ],
    clientHooks: { PreToolUse: [{ matcher: 'Bash|Write', timeoutMs: 30_000, onFailure: 'block' }] },
    agents: {
      reviewer: {
        description: 'Reviews a change before it is committed',
        prompt: 'You review changes. Report bugs first, style last.',
        tools: ['Read', 'Grep'],
        disallowedTools: ['Bash'],
        model: 'inherit',
        effort: 'high',
        permissionMode: 'plan',
        skills: ['review'],
        mcpServers: ['tracker'],
        maxTurns: 20,
        background: false,
      },
    },
    skills: ['review', 'plugin:release-notes'],
    settingSources: ['project'],
    effort: 'medium',
    thinking: { type: 'enabled', budgetTokens: 8_000 },
    fallbackModel: 'haiku',
    maxBudgetUsd: 2.5,
    promptSuggestions: true,
    titles: 'claude',
    outputFormat: {
      type: 'json_schema',
      schema: {
        type: 'object',
        properties: { passed: { type: 'boolean' }, failures: { type: 'array', items: { type: 'string' } } },
        required: ['passed'],
      },
    },
    agentEnv: { CI: secret },
  }
}
