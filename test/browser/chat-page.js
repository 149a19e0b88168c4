import { useChat } from '@ai-sdk/react'
import {
  DefaultChatTransport,
  isToolUIPart,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
} from 'ai'
import { createElement, useEffect } from 'react'
import { createRoot } from 'react-dom/client'

const { base, key } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
const api = `${base}/doors/ui/chat`
const headers = { Authorization: `Bearer ${key}` }
const clientTools = [{ name: 'title', description: 'The title of the page', readOnly: true }]
const id = 'chat of a page'
const messages = JSON.parse(sessionStorage.getItem('messages') ?? '[]')

function Page() {
  const chat = useChat({
    id,
    messages,
    resume: true,
    transport: new DefaultChatTransport({ api, headers, body: { clientTools } }),
    sendAutomaticallyWhen: options =>
      lastAssistantMessageIsCompleteWithApprovalResponses(options) ||
      lastAssistantMessageIsCompleteWithToolCalls(options),
    onToolCall({ toolCall: { toolName: tool, toolCallId } }) {
      if (tool === 'title') chat.addToolOutput({ tool, toolCallId, output: document.title })
    },
  })
  useEffect(() => sessionStorage.setItem('messages', JSON.stringify(chat.messages)), [chat.messages])
  const send = event => {
    event.preventDefault()
    chat.sendMessage({ text: new FormData(event.target).get('prompt') })
  }
  const stop = async () => {
    await fetch(`${api}/${encodeURIComponent(id)}/stop`, { method: 'POST', headers })
    chat.stop()
  }
  const answer = (part, approved) => () => chat.addToolApprovalResponse({ id: part.approval.id, approved })
  const show = (part, index) => {
    if (part.type === 'text') return createElement('p', { key: index }, part.text)
    if (!isToolUIPart(part)) return null
    const isOpen = part.state === 'approval-requested'
    return createElement(
      'pre',
      { key: index },
      `${part.toolName ?? part.type} ${part.state}`,
      isOpen &&
        createElement('button', { id: 'allow', type: 'button', onClick: answer(part, true) }, 'allow'),
      isOpen && createElement('button', { id: 'deny', type: 'button', onClick: answer(part, false) }, 'deny'),
    )
  }
  return createElement(
    'main',
    null,
    createElement('output', { id: 'status' }, chat.error ? chat.error.message : chat.status),
    ...chat.messages.map(message =>
      createElement('section', { key: message.id, className: message.role }, ...message.parts.map(show)),
    ),
    createElement('form', { onSubmit: send }, createElement('input', { name: 'prompt' })),
    createElement('button', { id: 'stop', type: 'button', onClick: stop }, 'stop'),
  )
}

document.title = 'A page with a chat'
createRoot(document.body.appendChild(document.createElement('div'))).render(createElement(Page))
