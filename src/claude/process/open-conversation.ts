import type { Options, Query } from '@anthropic-ai/claude-agent-sdk'
import type { AgentFailure, AgentSpec } from '../../sessions/ports/index.ts'
import { WorkspaceWatch } from '../isolation/workspace-watch.ts'
import type { AskPermission } from '../questions/permission-callbacks.ts'
import type { AgentContext } from '../settings/agent-context.ts'
import type { ForwardedServers } from '../settings/forwarded-servers.ts'
import type { InstructionPlugin } from '../settings/instruction-plugin.ts'
import { toEnvironment, toSdkOptions } from '../settings/sdk-options.ts'
import { ConversationRecovery } from '../transcript/conversation-recovery.ts'
import { ConversationProcess, type OpenBox } from './conversation-process.ts'
import { toProcessOptions } from './process-options.ts'

export interface ConversationWatch {
  ask: AskPermission
  onFrame(): void
  onFault(fault: AgentFailure): void
  onStart(query: Query, spec: AgentSpec): void
}

/** Opens the process of a session's conversation, in a box where there are boxes. */
export function openConversation(
  spec: AgentSpec,
  context: AgentContext,
  { servers, plugin }: { servers: ForwardedServers; plugin: InstructionPlugin },
  { ask, onFrame, onFault, onStart }: ConversationWatch,
): ConversationProcess {
  const { settings, transcripts, listener, registry, log, boxes } = context
  const isBoxed = boxes !== undefined
  const mirror = transcripts && listener
  const places = {
    environment: toEnvironment(settings, spec.settings.agentEnv),
    boxed: context.boxedProjects(spec.claudeSessionId),
    isBoxed,
  }
  const toOptions = (opened: AgentSpec, given: Parameters<typeof toSdkOptions>[3]): Options =>
    toProcessOptions(spec, context, ask, {
      ...toSdkOptions(servers.apply(opened, settings.environment), settings, mirror, given, isBoxed),
      ...plugin.options,
    })
  return new ConversationProcess(spec, {
    recovery: transcripts && new ConversationRecovery(transcripts, places, log),
    toOptions,
    keeping: { registry, onFrame, onFault },
    openBox: isBoxed ? () => openBox(spec, context, plugin, onFault) : undefined,
    log,
    onStart,
  })
}

async function openBox(
  { claudeSessionId, cwd, settings }: AgentSpec,
  { boxes, settings: common, maxWorkspaceBytes, log }: AgentContext,
  { directory }: InstructionPlugin,
  onFault: (fault: AgentFailure) => void,
): Promise<OpenBox> {
  if (!boxes) throw new Error('there are no boxes')
  const writable = [...new Set([cwd, ...(settings.additionalDirectories ?? [])])]
  const readable = directory === undefined ? [] : [directory]
  const box = await boxes.open(claudeSessionId, { writable, readable, cwd })
  const watch =
    maxWorkspaceBytes === undefined
      ? undefined
      : new WorkspaceWatch(box.measured, maxWorkspaceBytes, log, bytes =>
          onFault({
            reason: 'workspace_too_large',
            message: `The session's directories hold more than ${bytes} bytes (maxWorkspaceBytes)`,
          }),
        )
  return {
    wrap: (options, marker) => box.wrap(options, marker, common.environment),
    async close() {
      watch?.stop()
      await box.close()
    },
  }
}
