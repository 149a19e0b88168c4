// An application with its own login that mounts the API: npm run build && node express-embedding/server.ts
// Log in as "ada" or "bob" with the password "demo". Each sees only the sessions of the own tenant.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import express from 'express'
import { createClaudeCodeApi } from '../../src/index.ts'

const {
  PORT = '8081',
  DATA_DIR,
  CLIENT_FILE = join(import.meta.dirname, '../../dist/client/index.js'),
} = process.env
/** The users and their companies; a real application has a database, and passwords of their own. */
const companies: Readonly<Record<string, string>> = { ada: 'engines', bob: 'bridges' }
/** The logins by the value of their cookie. */
const logins = new Map<string, string>()
const cookieOf = (header = '') => /(?:^|; )login=([\w-]+)/.exec(header)?.[1] ?? ''

const app = express()
app.post('/login', express.json(), (req, res) => {
  const { user, password } = (req.body ?? {}) as Record<string, unknown>
  if (typeof user !== 'string' || !Object.hasOwn(companies, user) || password !== 'demo') {
    return void res.status(401).json({ message: 'Unknown user or wrong password' })
  }
  const login = randomBytes(32).toString('base64url')
  logins.set(login, user)
  // With https also `secure: true`.
  res.cookie('login', login, { httpOnly: true, sameSite: 'strict' }).status(204).end()
})
app.post('/logout', (req, res) => {
  logins.delete(cookieOf(req.headers.cookie))
  res.clearCookie('login').status(204).end()
})

const api = createClaudeCodeApi({
  ...(DATA_DIR !== undefined && { dataDir: DATA_DIR, defaultCwd: DATA_DIR }),
  auth: {
    authenticate(req) {
      const login = cookieOf(req.headers.cookie)
      const user = logins.get(login)
      if (user === undefined) return undefined
      return {
        tenant: companies[user] ?? '',
        subject: user,
        scopes: ['sessions:read', 'sessions:write', 'permissions:answer'],
        isValid: () => logins.has(login),
      }
    },
  },
})
app.use('/api/v1', api)
app.get('/client.js', (_req, res) => res.sendFile(CLIENT_FILE))
app.use(express.static(join(import.meta.dirname, 'public')))

await api.ready
const server = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address?.port}/\n`)
})
process.once('SIGTERM', async () => {
  await api.close()
  server.close()
  server.closeAllConnections()
})
