/** The parts of the protocol that the door supports (`AgentCapabilities`). */
export const capabilities = {
  identity: { name: 'Claude Code', type: 'claude-code' },
  transport: { streaming: true, websocket: false, httpBinary: false, resumable: false },
  tools: { supported: true, parallelCalls: true, clientProvided: true },
  state: { snapshots: false, deltas: false, persistentState: true },
  multiAgent: { supported: true, delegation: true, handoffs: false },
  reasoning: { supported: true, streaming: true, encrypted: false },
  multimodal: {
    input: { image: true, audio: false, video: false, pdf: true, file: false },
    output: { image: false, audio: false },
  },
  execution: { codeExecution: true },
  humanInTheLoop: { supported: true, approvals: true, interrupts: true, approveWithEdits: true },
}
