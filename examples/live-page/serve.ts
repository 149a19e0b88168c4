// Serves the page on an origin that is not the API's: npm run build && node live-page/serve.ts
// The API has to allow the origin: npm run demo -- --cors-origin http://127.0.0.1:8080
import { join } from 'node:path'
import express from 'express'

const { PORT = '8080', CLIENT_FILE = join(import.meta.dirname, '../../dist/client/index.js') } = process.env
const app = express()
app.get('/client.js', (_req, res) => res.sendFile(CLIENT_FILE))
app.use(express.static(import.meta.dirname))
const server = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address?.port}/\n`)
})
process.once('SIGTERM', () => server.close())
