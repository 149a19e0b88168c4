import {
  AbstractChat,
  type ChatInit,
  type ChatState,
  type ChatStatus,
  DefaultChatTransport,
  isToolUIPart,
  type UIMessage,
} from 'ai'
import { apiKey } from '../support/open-server.ts'

class State implements ChatState<UIMessage> {
  status: ChatStatus = 'ready'
  error: Error | undefined
  messages: UIMessage[]

  constructor(messages: UIMessage[]) {
    this.messages = messages
  }

  pushMessage = (message: UIMessage) => {
    this.messages = [...this.messages, message]
  }

  popMessage = () => {
    this.messages = this.messages.slice(0, -1)
  }

  replaceMessage = (index: number, message: UIMessage) => {
    this.messages = this.messages.with(index, this.snapshot(message))
  }

  snapshot = <T>(thing: T): T => structuredClone(thing)
}

interface Given extends Omit<ChatInit<UIMessage>, 'transport'> {
  body?: object
  key?: string
  fetch?: typeof fetch
}

/** The AI SDK's chat without a page. Its transport checks every chunk. */
export class Chat extends AbstractChat<UIMessage> {
  constructor(base: string, { body, key = apiKey, fetch, messages = [], ...init }: Given = {}) {
    const transport = new DefaultChatTransport<UIMessage>({
      api: `${base}/doors/ui/chat`,
      headers: { 'x-api-key': key },
      ...(body && { body }),
      ...(fetch && { fetch }),
    })
    super({ ...init, transport, state: new State(messages) })
  }

  /** The answer of Claude. */
  get parts() {
    return this.lastMessage?.role === 'assistant' ? this.lastMessage.parts : []
  }

  get text(): string {
    return this.parts.flatMap(part => (part.type === 'text' ? part.text : [])).join('|')
  }

  get tools() {
    return this.parts.filter(isToolUIPart)
  }

  data(name: string): unknown {
    const found = this.parts.find(part => part.type === `data-${name}`)
    return found && 'data' in found ? found.data : undefined
  }
}
