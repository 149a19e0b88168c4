import type { SDKControlGetContextUsageResponse } from '@anthropic-ai/claude-agent-sdk'
import type { ContextUsage } from '../../contract/conversation.ts'

/** Converts the context usage, without the parts that only a terminal needs. */
export function toContextUsage(usage: SDKControlGetContextUsageResponse): ContextUsage {
  return {
    model: usage.model,
    totalTokens: usage.totalTokens,
    maxTokens: usage.maxTokens,
    percentage: usage.percentage,
    categories: usage.categories.map(({ id, name, kind, tokens }) => ({
      id: id ?? null,
      name,
      kind,
      tokens,
    })),
    memoryFiles: usage.memoryFiles.map(({ path, type, tokens }) => ({ path, type, tokens })),
    mcpTools: usage.mcpTools.map(({ serverName, name, tokens }) => ({ server: serverName, name, tokens })),
    agents: usage.agents.map(({ agentType, source, tokens }) => ({ name: agentType, source, tokens })),
    skills: (usage.skills?.skillFrontmatter ?? []).map(({ name, source, tokens }) => ({
      name,
      source,
      tokens,
    })),
    autoCompact: { enabled: usage.isAutoCompactEnabled, threshold: usage.autoCompactThreshold ?? null },
  }
}
