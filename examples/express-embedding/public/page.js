// The cookie of the application's login goes with each request, so there is no key.
import { ClaudeCodeClient } from './client.js'

const [login, ask, answer] = ['#login', '#ask', '#answer'].map(name => document.querySelector(name))
const client = new ClaudeCodeClient({ baseUrl: '/api/v1' })
let session

login.addEventListener('submit', async submitted => {
  submitted.preventDefault()
  const body = JSON.stringify(Object.fromEntries(new FormData(login)))
  const response = await fetch('/login', {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json' },
  })
  answer.textContent = response.ok ? '' : (await response.json()).message
  login.hidden = response.ok
  ask.hidden = !response.ok
})

ask.addEventListener('submit', async submitted => {
  submitted.preventDefault()
  answer.textContent = '...'
  try {
    session ??= await client.createSession()
    answer.textContent = (await session.send(new FormData(ask).get('prompt'))).response
  } catch (error) {
    answer.textContent = error.message
  }
})
