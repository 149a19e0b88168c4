// Shows a conversation while Claude writes it. The key stays in the memory of this page.
import { applyEvents, ClaudeCodeClient, emptyConversation } from './client.js'

const form = document.querySelector('#start')
const state = document.querySelector('#state')
let session

form.addEventListener('submit', async submitted => {
  submitted.preventDefault()
  const { url, key, prompt } = Object.fromEntries(new FormData(form))
  try {
    session ??= await follow(new ClaudeCodeClient({ baseUrl: url, apiKey: key }))
    await session.submit(prompt)
  } catch (error) {
    state.textContent = error.message
  }
})

async function follow(client) {
  const created = await client.createSession({ title: 'live page' })
  read(created).catch(error => {
    state.textContent = error.message
  })
  return created
}

async function read(followed) {
  let conversation = emptyConversation
  let waiting = []
  for await (const event of followed.follow({ includeDeltas: true })) {
    // All that comes before the next frame is drawn at once.
    if (waiting.push(event) > 1) continue
    requestAnimationFrame(() => {
      conversation = applyEvents(conversation, waiting)
      waiting = []
      show(conversation)
    })
  }
}

function show({ messages, state: now, costUsd }) {
  state.textContent = `${now}, $${costUsd.toFixed(4)}`
  document.querySelector('#conversation').replaceChildren(
    ...messages.map(({ role, blocks }) => {
      const paragraph = document.createElement('p')
      // Text of a model is never markup.
      paragraph.textContent = `${role}: ${blocks.map(toText).join(' ')}`
      return paragraph
    }),
  )
}

function toText(block) {
  if (block.type === 'text' || block.type === 'thinking') return block.text
  return block.type === 'tool_call' ? `[${block.name ?? '...'} ${block.result ? 'done' : 'runs'}]` : ''
}
