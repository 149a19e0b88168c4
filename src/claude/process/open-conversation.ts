import type { Options, Query } from '@anthropic-ai/claude-agent-sdk'
import type { AgentChannel, AgentFailure, AgentSpec } from '../../sessions/ports/index.ts'
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

interface ConversationParts {
  servers: ForwardedServers
  plugin: InstructionPlugin
  /** The way out of its box; undefined: it runs without one. */
  channel: AgentChannel | undefined
}

/** Opens the process of a session's conversation, in a box where there are boxes. */
export function openConversation(
  spec: AgentSpec,
  context: AgentContext,
  { servers, plugin, channel }: ConversationParts,
  { ask, onFrame, onFault, onStart }: ConversationWatch,
): ConversationProcess {
  const { settings, transcripts, listener, registry, log } = context
  const isBoxed = channel !== undefined
  const mirror = transcripts && listener
  const places = {
    environment: toEnvironment(settings, spec.settings.agentEnv),
    boxed: context.boxedProjects(spec.claudeSessionId),
    isBoxed,
  }
  const toOptions = (opened: AgentSpec, given: Parameters<typeof toSdkOptions>[3]): Options =>
    toProcessOptions(
      spec,
      context,
      ask,
      {
        ...toSdkOptions(servers.apply(opened, settings.environment), settings, mirror, given, isBoxed),
        ...plugin.options,
      },
      servers.hooks,
    )
  return new ConversationProcess(spec, {
    recovery: transcripts && new ConversationRecovery(transcripts, places, log),
    toOptions,
    keeping: { registry, onFrame, onFault },
    openBox: channel && (() => openBox(spec, context, plugin, channel, onFault)),
    log,
    onStart,
  })
}

function openBox(
  { claudeSessionId, cwd, settings }: AgentSpec,
  { boxes, maxWorkspaceBytes, log }: AgentContext,
  { directory }: InstructionPlugin,
  channel: AgentChannel,
  onFault: (fault: AgentFailure) => void,
): OpenBox {
  if (!boxes) throw new Error('there are no boxes')
  const writable = [...new Set([cwd, ...(settings.additionalDirectories ?? [])])]
  const readable = directory === undefined ? [] : [directory]
  const box = boxes.prepare(claudeSessionId, { writable, readable, cwd }, channel)
  const onExcess = (bytes: number) =>
    onFault({
      reason: 'workspace_too_large',
      message: `The session's directories hold more than ${bytes} bytes (maxWorkspaceBytes)`,
    })
  const watch =
    maxWorkspaceBytes === undefined
      ? undefined
      : new WorkspaceWatch(box.measured, box.hidden, maxWorkspaceBytes, log, onExcess)
  return {
    wrap: box.wrap.bind(box),
    close() {
      watch?.stop()
      box.close()
    },
  }
}
